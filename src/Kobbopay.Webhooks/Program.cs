using Kobbopay.Webhooks;

await WebhooksService.Build(args).RunAsync();
