// A lead's custom field from creation to deletion, then a list: client by openapi-generator, go.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	kommo "kommo"
)

func check(holds bool, what string) {
	if !holds {
		log.Fatalf("not as expected: %s", what)
	}
}

func must(err error, what string) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func setting(name, otherwise string) string {
	if value, found := os.LookupEnv(name); found {
		return value
	}
	return otherwise
}

func main() {
	configuration := kommo.NewConfiguration()
	configuration.Servers = kommo.ServerConfigurations{{URL: setting("KOMMO_BASE_URL", "http://127.0.0.1:8080")}}
	client := kommo.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), kommo.ContextAccessToken, setting("KOMMO_TOKEN", "demo"))
	fields, catalogs := client.LeadsCustomFieldsAPI, client.V2CatalogsAPI

	count := func() int {
		page, answer, err := fields.ListLeadsCustomFields(ctx).Limit(50).Execute()
		must(err, "list")
		if answer.StatusCode == 204 { // an account without fields
			return 0
		}
		return len(page.Embedded.CustomFields)
	}

	before := count()
	field := *kommo.NewCustomFieldCreate("Colour", kommo.FIELDTYPE_SELECT)
	red, blue := *kommo.NewEnumValueWrite("red"), *kommo.NewEnumValueWrite("blue")
	red.SetSort(1)
	blue.SetSort(2)
	field.SetEnums([]kommo.EnumValueWrite{red, blue})
	created, _, err := fields.CreateLeadsCustomFields(ctx).CustomFieldCreate([]kommo.CustomFieldCreate{field}).Execute()
	must(err, "create")
	id := created.Embedded.CustomFields[0].Id

	read, _, err := fields.GetLeadsCustomFields(ctx, id).Execute()
	must(err, "get")
	check(read.Name == "Colour" && read.Type == "select", "the field that was read")
	check(len(read.Enums) == 2 && read.Enums[1].Value == "blue", "its options")

	change := *kommo.NewCustomFieldUpdate()
	change.SetName("Paint")
	updated, _, err := fields.UpdateLeadsCustomFields(ctx, id).CustomFieldUpdate(change).Execute()
	must(err, "update")
	check(updated.Name == "Paint", "the new name")
	check(count() == before+1, "one field more")

	_, err = fields.DeleteLeadsCustomFields(ctx, id).Execute()
	must(err, "delete")
	_, answer, err := fields.GetLeadsCustomFields(ctx, id).Execute()
	check(err != nil && answer.StatusCode == 404, "a deleted field is not found")

	add := *kommo.NewV2CatalogsWrite()
	cars := *kommo.NewV2CatalogAdd("Cars")
	cars.SetRequestId(1)
	add.SetAdd([]kommo.V2CatalogAdd{cars})
	written, _, err := catalogs.WriteV2Catalogs(ctx).V2CatalogsWrite(add).Execute()
	must(err, "add a list")
	list := written.Embedded.Items[0].GetId()
	lists, _, err := catalogs.ListV2Catalogs(ctx).Execute()
	must(err, "lists")
	found := false
	for _, item := range lists.Embedded.Items {
		found = found || item.Id == list && item.Name == "Cars"
	}
	check(found, "the list")
	remove := *kommo.NewV2CatalogsWrite()
	remove.SetDelete([]kommo.V2Id{kommo.Int64AsV2Id(&list)})
	_, _, err = catalogs.WriteV2Catalogs(ctx).V2CatalogsWrite(remove).Execute()
	must(err, "delete a list")
	fmt.Printf("field %d and list %d: listed, created, read, updated, deleted\n", id, list)
}
