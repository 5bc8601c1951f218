<?php
// Compiles and links every file of the client, which `php -l` does for one file and without its parents.
declare(strict_types=1);

require __DIR__ . '/autoload.php';
$files = new RegexIterator(
    new RecursiveIteratorIterator(new RecursiveDirectoryIterator(__DIR__ . '/client/lib')),
    '/\.php$/',
);
foreach ($files as $file) {
    require_once $file->getPathname();
}
echo iterator_count($files), " files\n";
