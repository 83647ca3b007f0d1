<?php
require __DIR__ . '/../shop.php';
try {
    ask();
} catch (Throwable $error) {
    error_log($error->getMessage());
    http_response_code(500);
    exit("the shop is out of order\n");
}
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/metrics') {
    header('content-type: text/plain');
    exit("shop_up 1\n");
}
echo "the shop\n";
