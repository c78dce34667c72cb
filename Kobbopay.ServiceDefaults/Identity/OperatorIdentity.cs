using Microsoft.AspNetCore.Http;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>Which operator's request this is, as the gateway signed it: the name that the audit log keeps.</summary>
public sealed record OperatorIdentity(string Name)
{
    public static ValueTask<OperatorIdentity?> BindAsync(HttpContext http) =>
        ValueTask.FromResult(http.Features.Get<OperatorIdentity>());
}
