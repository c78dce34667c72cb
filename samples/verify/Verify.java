// Verifies a webhook request: the raw body on standard input, headers as "name: value" arguments, the endpoint's
// secret (several with commas) in KOBBOPAY_WEBHOOK_SECRET. Java 11 or later, nothing but its own library.
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Verify {
    // <verify>
    static final long TOLERANCE_SECONDS = 300;

    /** Throws with the cause. Headers have lower-case names; secrets are a list, so that a rotation loses nothing. */
    static void verify(byte[] rawBody, Map<String, String> headers, List<String> secrets, Instant now)
            throws GeneralSecurityException {
        String id = headers.getOrDefault("webhook-id", "");
        String timestamp = headers.getOrDefault("webhook-timestamp", "");
        if (rawBody.length == 0 || rawBody[0] != '{')
            throw new SecurityException("the body does not begin with {, as every signed body does");
        if (id.isEmpty() || id.contains("."))
            throw new SecurityException("the header webhook-id is missing or malformed");
        if (!timestamp.matches("[0-9]{1,12}"))
            throw new SecurityException("the header webhook-timestamp is missing or not a number of unix seconds");
        boolean matches = false;
        for (String secret : secrets) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(rawBody)))
                .getBytes(StandardCharsets.US_ASCII);
            for (String signature : headers.getOrDefault("webhook-signature", "").split(" "))
                matches |= MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.UTF_8));
        }
        if (!matches)
            throw new SecurityException("the header webhook-signature is missing or matches none of the secrets");
        if (Math.abs(now.getEpochSecond() - Long.parseLong(timestamp)) > TOLERANCE_SECONDS)
            throw new SecurityException(
                "the header webhook-timestamp is more than " + TOLERANCE_SECONDS + " s away from this clock");
    }
    // </verify>

    public static void main(String[] arguments) throws Exception {
        Map<String, String> headers = new HashMap<>();
        for (String argument : arguments) {
            String[] parts = argument.split(":", 2);
            headers.put(parts[0].trim().toLowerCase(Locale.ROOT), parts[1].trim());
        }
        try {
            List<String> secrets = List.of(System.getenv("KOBBOPAY_WEBHOOK_SECRET").split(","));
            verify(System.in.readAllBytes(), headers, secrets, Instant.now());
        } catch (SecurityException cause) {
            System.err.println("refused: " + cause.getMessage());
            System.exit(1);
        }
        System.out.println("verified");
    }
}
