// Verifies a webhook request: the raw body on standard input, headers as "name: value" arguments, the endpoint's
// secret (several with commas) in KOBBOPAY_WEBHOOK_SECRET. Go 1.19 or later, nothing but the standard library.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// <verify>
const toleranceSeconds = 300

var unixSeconds = regexp.MustCompile(`^[0-9]{1,12}$`)

// Verify returns the cause of a refusal, else nil. The secrets are a list, so that a rotation loses nothing.
func Verify(rawBody []byte, headers http.Header, secrets []string, now time.Time) error {
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	if len(rawBody) == 0 || rawBody[0] != '{' {
		return errors.New("the body does not begin with {, as every signed body does")
	}
	if id == "" || strings.Contains(id, ".") {
		return errors.New("the header webhook-id is missing or malformed")
	}
	if !unixSeconds.MatchString(timestamp) {
		return errors.New("the header webhook-timestamp is missing or not a number of unix seconds")
	}
	matches := false
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			return errors.New("a secret is not whsec_ and base64")
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(rawBody)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, signature := range strings.Split(headers.Get("webhook-signature"), " ") {
			matches = hmac.Equal(expected, []byte(signature)) || matches
		}
	}
	if !matches {
		return errors.New("the header webhook-signature is missing or matches none of the secrets")
	}
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	if age := now.Unix() - seconds; age > toleranceSeconds || age < -toleranceSeconds {
		return fmt.Errorf("the header webhook-timestamp is more than %d s away from this clock", toleranceSeconds)
	}
	return nil
}
// </verify>

func main() {
	headers := http.Header{}
	for _, argument := range os.Args[1:] {
		name, value, _ := strings.Cut(argument, ":")
		headers.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	rawBody, err := io.ReadAll(os.Stdin)
	if err == nil {
		secrets := strings.Split(os.Getenv("KOBBOPAY_WEBHOOK_SECRET"), ",")
		err = Verify(rawBody, headers, secrets, time.Now())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	fmt.Println("verified")
}
