// A lead's custom field from creation to deletion, then a list: client by openapi-generator, typescript-fetch.
import { Configuration, FieldType, LeadsCustomFieldsApi, ResponseError, V2CatalogsApi } from "./client";

const configuration = new Configuration({
  basePath: process.env.KOMMO_BASE_URL ?? "http://127.0.0.1:8080",
  accessToken: process.env.KOMMO_TOKEN ?? "demo",
});
const fields = new LeadsCustomFieldsApi(configuration);
const catalogs = new V2CatalogsApi(configuration);

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not as expected: ${what}`);
}

async function count(): Promise<number> {
  const page = await fields.listLeadsCustomFields({ limit: 50 });
  return page?.embedded.customFields.length ?? 0; // an account without fields answers 204
}

async function main(): Promise<void> {
  const before = await count();
  const created = await fields.createLeadsCustomFields({
    customFieldCreate: [
      { name: "Colour", type: FieldType.Select, enums: [{ value: "red", sort: 1 }, { value: "blue", sort: 2 }] },
    ],
  });
  const id = created.embedded.customFields[0].id;

  const read = await fields.getLeadsCustomFields({ id });
  check(read?.name === "Colour" && read.type === "select", "the field that was read");
  check(read.enums?.map((option) => option.value).join() === "red,blue", "its options");

  const updated = await fields.updateLeadsCustomFields({ id, customFieldUpdate: { name: "Paint" } });
  check(updated.name === "Paint", "the new name");
  check((await count()) === before + 1, "one field more");

  await fields.deleteLeadsCustomFields({ id });
  const status = await fields.getLeadsCustomFields({ id }).then(
    () => 200,
    (error: unknown) => (error instanceof ResponseError ? error.response.status : 0),
  );
  check(status === 404, "a deleted field is not found");

  const added = await catalogs.writeV2Catalogs({ v2CatalogsWrite: { add: [{ name: "Cars", requestId: 1 }] } });
  const list = added?.embedded.items?.[0];
  check(list?.id !== undefined, "the list that was added");
  const lists = await catalogs.listV2Catalogs();
  check(lists?.embedded.items.some((item) => item.id === list.id && item.name === "Cars") ?? false, "the list");
  await catalogs.writeV2Catalogs({ v2CatalogsWrite: { _delete: [list.id] } });
  console.log(`field ${id} and list ${list.id}: listed, created, read, updated, deleted`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
