namespace Kobbopay.Bench.Roles;

/// <summary>A bare Kestrel: the least memory that a service could take, and the target behind the bare proxy.</summary>
internal static class HelloRole
{
    public const string Name = "hello";

    public static Task ServeAsync()
    {
        var app = Role.BareServer().Build();
        app.MapGet("/", () => "hello");
        return Role.ServeAsync(app);
    }
}
