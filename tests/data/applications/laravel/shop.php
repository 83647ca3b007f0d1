<?php
// A shop in PHP: asks its database and Redis at every request, as PHP starts anew for each.
function ask(): void
{
    $host = getenv('DB_HOST') . ';port=' . getenv('DB_PORT');
    $options = [PDO::ATTR_TIMEOUT => 3, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION];
    $database = new PDO("mysql:host=$host;dbname=" . getenv('DB_DATABASE'), getenv('DB_USERNAME'), getenv('DB_PASSWORD'), $options);
    $database->query('SELECT 1');
    $redis = new Redis();
    $redis->connect(getenv('REDIS_HOST'), 6379, 3);
    $redis->auth(getenv('REDIS_PASSWORD'));
    $redis->ping();
}
