<?php
// Verifies a webhook request: the raw body on standard input, headers as "name: value" arguments, the endpoint's
// secret (several with commas) in KOBBOPAY_WEBHOOK_SECRET. PHP 8 or later, without an extension of its own.

// <verify>
const TOLERANCE_SECONDS = 300;

// Throws with the cause. $rawBody is file_get_contents('php://input'), $headers has lower-case names, and $secrets is
// a list, so that a rotation loses nothing.
function verify(string $rawBody, array $headers, array $secrets, ?int $now = null): void
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    if (!str_starts_with($rawBody, '{')) {
        throw new RuntimeException('the body does not begin with {, as every signed body does');
    }
    if ($id === '' || str_contains($id, '.')) {
        throw new RuntimeException('the header webhook-id is missing or malformed');
    }
    if (!preg_match('/^[0-9]{1,12}$/D', $timestamp)) {
        throw new RuntimeException('the header webhook-timestamp is missing or not a number of unix seconds');
    }
    $matches = false;
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
        $mac = hash_hmac('sha256', "$id.$timestamp.$rawBody", $key, true);
        foreach (explode(' ', $headers['webhook-signature'] ?? '') as $signature) {
            $matches = hash_equals('v1,' . base64_encode($mac), $signature) || $matches;
        }
    }
    if (!$matches) {
        throw new RuntimeException('the header webhook-signature is missing or matches none of the secrets');
    }
    if (abs(($now ?? time()) - (int) $timestamp) > TOLERANCE_SECONDS) {
        throw new RuntimeException(
            'the header webhook-timestamp is more than ' . TOLERANCE_SECONDS . ' s away from this clock');
    }
}
// </verify>

$headers = [];
foreach (array_slice($argv, 1) as $argument) {
    [$name, $value] = explode(':', $argument, 2);
    $headers[strtolower(trim($name))] = trim($value);
}
try {
    verify(stream_get_contents(STDIN), $headers, explode(',', getenv('KOBBOPAY_WEBHOOK_SECRET')));
} catch (RuntimeException $cause) {
    fwrite(STDERR, "refused: {$cause->getMessage()}\n");
    exit(1);
}
echo "verified\n";
