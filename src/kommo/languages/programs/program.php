<?php
// A lead's custom field from creation to deletion, then a list: client by openapi-generator, php.
declare(strict_types=1);

use OpenAPI\Client\Api\LeadsCustomFieldsApi;
use OpenAPI\Client\Api\V2CatalogsApi;
use OpenAPI\Client\ApiException;
use OpenAPI\Client\Configuration;
use OpenAPI\Client\Model;

require __DIR__ . '/autoload.php';

function check(bool $holds, string $what): void
{
    if (!$holds) {
        throw new RuntimeException("not as expected: $what");
    }
}

$configuration = (new Configuration())
    ->setHost(getenv('KOMMO_BASE_URL') ?: 'http://127.0.0.1:8080')
    ->setAccessToken(getenv('KOMMO_TOKEN') ?: 'demo');
$http = new GuzzleHttp\Client();
$fields = new LeadsCustomFieldsApi($http, $configuration);
$catalogs = new V2CatalogsApi($http, $configuration);

$count = function () use ($fields): int {
    $page = $fields->listLeadsCustomFields(1, 50);
    return is_string($page) ? 0 : count($page->getEmbedded()->getCustomFields()); // 204: an account without fields
};

$before = $count();
$field = new Model\CustomFieldCreate([
    'name' => 'Colour',
    'type' => Model\FieldType::SELECT,
    'enums' => [
        new Model\EnumValueWrite(['value' => 'red', 'sort' => 1]),
        new Model\EnumValueWrite(['value' => 'blue', 'sort' => 2]),
    ],
]);
$id = $fields->createLeadsCustomFields([$field])->getEmbedded()->getCustomFields()[0]->getId();

$read = $fields->getLeadsCustomFields($id);
check($read->getName() === 'Colour' && $read->getType() === 'select', 'the field that was read');
check($read->getEnums()[1]->getValue() === 'blue', 'its options');

$updated = $fields->updateLeadsCustomFields($id, new Model\CustomFieldUpdate(['name' => 'Paint']));
check($updated->getName() === 'Paint', 'the new name');
check($count() === $before + 1, 'one field more');

$fields->deleteLeadsCustomFields($id);
try {
    $fields->getLeadsCustomFields($id);
    $status = 200;
} catch (ApiException $error) {
    $status = $error->getCode();
}
check($status === 404, 'a deleted field is not found');

$add = new Model\V2CatalogsWrite(['add' => [new Model\V2CatalogAdd(['name' => 'Cars', 'request_id' => 1])]]);
$list = $catalogs->writeV2Catalogs($add)->getEmbedded()->getItems()[0]->getId();
$names = [];
foreach ($catalogs->listV2Catalogs()->getEmbedded()->getItems() as $item) {
    $names[$item->getId()] = $item->getName();
}
check(($names[$list] ?? null) === 'Cars', 'the list');
$catalogs->writeV2Catalogs(new Model\V2CatalogsWrite(['delete' => [(string) $list]]));
echo "field $id and list $list: listed, created, read, updated, deleted\n";
