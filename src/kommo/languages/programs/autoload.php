<?php
// Finds the classes of the generated client, which lies beside the program, and Guzzle's.
declare(strict_types=1);

const CLIENT = 'OpenAPI\\Client\\';

require_once 'GuzzleHttp/autoload.php';
spl_autoload_register(function (string $class): void {
    $file = __DIR__ . '/client/lib/' . str_replace('\\', '/', substr($class, strlen(CLIENT))) . '.php';
    if (str_starts_with($class, CLIENT) && is_file($file)) {
        require_once $file;
    }
});
