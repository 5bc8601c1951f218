// A lead's custom field from creation to deletion, then a list: client by openapi-generator, java (native).
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.LeadsCustomFieldsApi;
import org.openapitools.client.api.V2CatalogsApi;
import org.openapitools.client.model.*;

public final class Program {
  private static void check(boolean holds, String what) {
    if (!holds) throw new IllegalStateException("not as expected: " + what);
  }

  private static String setting(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : value;
  }

  private static int count(LeadsCustomFieldsApi fields) throws ApiException {
    LeadsCustomFieldPage page = fields.listLeadsCustomFields(1L, 50, null, null, null, null);
    return page == null ? 0 : page.getEmbedded().getCustomFields().size(); // 204: an account without fields
  }

  public static void main(String[] arguments) throws ApiException {
    ApiClient client = new ApiClient();
    client.updateBaseUri(setting("KOMMO_BASE_URL", "http://127.0.0.1:8080"));
    String token = setting("KOMMO_TOKEN", "demo");
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    LeadsCustomFieldsApi fields = new LeadsCustomFieldsApi(client);
    V2CatalogsApi catalogs = new V2CatalogsApi(client);

    int before = count(fields);
    CustomFieldCreate field = new CustomFieldCreate().name("Colour").type(FieldType.SELECT)
        .enums(List.of(new EnumValueWrite().value("red").sort(1L), new EnumValueWrite().value("blue").sort(2L)));
    long id = fields.createLeadsCustomFields(List.of(field)).getEmbedded().getCustomFields().get(0).getId();

    LeadsCustomField read = fields.getLeadsCustomFields(id);
    check(read.getName().equals("Colour") && read.getType().equals("select"), "the field that was read");
    check(read.getEnums().get(1).getValue().equals("blue"), "its options");

    LeadsCustomField updated = fields.updateLeadsCustomFields(id, new CustomFieldUpdate().name("Paint"));
    check(updated.getName().equals("Paint"), "the new name");
    check(count(fields) == before + 1, "one field more");

    fields.deleteLeadsCustomFields(id);
    int status = 200;
    try {
      fields.getLeadsCustomFields(id);
    } catch (ApiException error) {
      status = error.getCode();
    }
    check(status == 404, "a deleted field is not found");

    V2CatalogsWrite add = new V2CatalogsWrite().add(List.of(new V2CatalogAdd().name("Cars").requestId(1L)));
    long list = catalogs.writeV2Catalogs(add).getEmbedded().getItems().get(0).getId();
    check(catalogs.listV2Catalogs(null, null, null, null, null).getEmbedded().getItems().stream()
        .anyMatch(item -> item.getId() == list && item.getName().equals("Cars")), "the list");
    catalogs.writeV2Catalogs(new V2CatalogsWrite().delete(List.of(new V2Id(list))));
    System.out.printf("field %d and list %d: listed, created, read, updated, deleted%n", id, list);
  }
}
