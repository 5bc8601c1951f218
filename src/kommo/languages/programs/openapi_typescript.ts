// A lead's custom field from creation to deletion, then a list: types by openapi-typescript, calls by openapi-fetch.
import createClient from "openapi-fetch";
import type { components, paths } from "./kommo";

type Field = components["schemas"]["CustomField"];

const baseUrl = process.env.KOMMO_BASE_URL ?? "http://127.0.0.1:8080";
const headers = { Authorization: `Bearer ${process.env.KOMMO_TOKEN ?? "demo"}` };
const crm = createClient<paths>({ baseUrl, headers });

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not as expected: ${what}`);
}

async function fields(): Promise<Field[]> {
  const { data, response } = await crm.GET("/api/v4/leads/custom_fields", { params: { query: { limit: 50 } } });
  check(response.ok, `list answered ${response.status}`);
  return data?._embedded.custom_fields ?? []; // an account without fields answers 204
}

async function main(): Promise<void> {
  const before = await fields();
  const created = await crm.POST("/api/v4/leads/custom_fields", {
    body: [{ name: "Colour", type: "select", enums: [{ value: "red", sort: 1 }, { value: "blue", sort: 2 }] }],
  });
  check(created.data !== undefined && "_embedded" in created.data, `create answered ${created.response.status}`);
  const id = created.data._embedded.custom_fields[0].id;
  const path = { id };

  const read = await crm.GET("/api/v4/leads/custom_fields/{id}", { params: { path } });
  check(read.data?.name === "Colour" && read.data.type === "select", "the field that was read");
  const options = read.data.enums;
  check(Array.isArray(options) && options.map((option) => option.value).join() === "red,blue", "its options");

  const updated = await crm.PATCH("/api/v4/leads/custom_fields/{id}", { params: { path }, body: { name: "Paint" } });
  check(updated.data?.name === "Paint", "the new name");
  check((await fields()).length === before.length + 1, "one field more");

  await crm.DELETE("/api/v4/leads/custom_fields/{id}", { params: { path } });
  const gone = await crm.GET("/api/v4/leads/custom_fields/{id}", { params: { path } });
  check(gone.response.status === 404 && gone.error !== undefined, "a deleted field is not found");

  const added = await crm.POST("/api/v2/catalogs", { body: { add: [{ name: "Cars", request_id: 1 }] } });
  const list = added.data?._embedded.items?.[0];
  check(list !== undefined, "the list that was added");
  const lists = await crm.GET("/api/v2/catalogs", {});
  check(lists.data?._embedded.items.some((item) => item.id === list.id && item.name === "Cars") ?? false, "the list");
  await crm.POST("/api/v2/catalogs", { body: { delete: [list.id] } });
  console.log(`field ${id} and list ${list.id}: listed, created, read, updated, deleted`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
