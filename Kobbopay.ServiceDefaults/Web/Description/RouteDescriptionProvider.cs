using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>
/// Tells the framework, which sees what handlers bind and return, what ours read and write by themselves.
/// </summary>
internal sealed class RouteDescriptionProvider : IApiDescriptionProvider
{
    /// <summary>After the framework's own.</summary>
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        foreach (var route in context.Results)
        {
            if (route.ActionDescriptor.EndpointMetadata.OfType<TakenBody>().LastOrDefault() is { } body)
            {
                route.ParameterDescriptions.Add(new ApiParameterDescription
                {
                    Name = "body",
                    Type = body.Type,
                    Source = BindingSource.Body,
                    IsRequired = body.IsRequired,
                });
            }

            route.SupportedResponseTypes.Add(new ApiResponseType
            {
                IsDefaultResponse = true,
                Type = typeof(ProblemBody),
                ApiResponseFormats = [new ApiResponseFormat { MediaType = Problems.ContentType }],
            });
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }
}
