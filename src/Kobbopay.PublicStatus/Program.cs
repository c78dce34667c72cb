using Kobbopay.PublicStatus;

await PublicStatusService.Build(args).RunAsync();
