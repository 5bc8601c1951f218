// Hands the contract to what Postman, Bruno and Insomnia import with; prints the number of requests of each.
const fs = require("node:fs");
// Node 18, the one of Debian 12, has it as a module only, and Bruno's converter takes it for granted.
globalThis.crypto ??= require("node:crypto").webcrypto;
const { openApiToBruno } = require("@usebruno/converters");
const insomnia = require("insomnia-importers");
const postman = require("openapi-to-postmanv2");

const text = fs.readFileSync(process.argv[2], "utf8");

function count(items, children, isRequest) {
  return items.reduce((sum, item) => sum + (isRequest(item) ? 1 : count(item[children] ?? [], children, isRequest)), 0);
}

async function main() {
  const collection = await new Promise((resolve, reject) =>
    postman.convert({ type: "string", data: text }, { folderStrategy: "Tags" }, (error, answer) =>
      error || !answer.result ? reject(error ?? new Error(answer.reason)) : resolve(answer.output[0].data),
    ),
  );
  fs.writeFileSync(process.argv[3], JSON.stringify(collection, null, 2));
  const bruno = await openApiToBruno(JSON.parse(text));
  // The importer of Insomnia that is published as a package ends at OpenAPI 3.0; it reads the collection of Postman.
  const resources = (await insomnia.convert(JSON.stringify(collection))).data.resources;
  const counts = {
    Postman: count(collection.item, "item", (item) => item.request !== undefined),
    Bruno: count(bruno.items, "items", (item) => item.type === "http-request"),
    "Insomnia, by Postman": resources.filter((resource) => resource._type === "request").length,
  };
  console.log(JSON.stringify(counts));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
