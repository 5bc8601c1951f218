// Prints what kommo.ts declares: {model: {property: [type, required]}}, as the compiler sees it.
const ts = require("typescript");

const program = ts.createProgram([process.argv[2]], { strict: true });
const checker = program.getTypeChecker();
const source = program.getSourceFile(process.argv[2]);
const components = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === "components");
const schemas = checker.getTypeAtLocation(components).getProperty("schemas");
const flags = ts.TypeFormatFlags.NoTruncation;
const STRUCTURED = ts.TypeFlags.Object | ts.TypeFlags.Intersection;
const models = {};
for (const model of checker.getTypeOfSymbol(schemas).getProperties()) {
  models[model.name] = {};
  const type = checker.getTypeOfSymbol(model);
  if (!(type.flags & STRUCTURED)) continue; // an enum, a union
  for (const member of type.getProperties()) {
    const declared = checker.getNonNullableType(checker.getTypeOfSymbol(member));
    // One level only: the types inside are models, or are read as such where they are declared.
    const parts = declared.isUnion() ? declared.types : [declared];
    const says = (part) =>
      part.flags & STRUCTURED && part.getProperties().length > 0 ? "{...}" : checker.typeToString(part, undefined, flags);
    const text = parts
      .map((part) => (checker.isArrayType(part) ? `${says(checker.getTypeArguments(part)[0])}[]` : says(part)))
      .join(" | ");
    models[model.name][member.name] = [text, !(member.flags & ts.SymbolFlags.Optional)];
  }
}
console.log(JSON.stringify(models));
