using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Intake;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Endpoints;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal sealed class ModelsEndpoint(IModelText text, TimeProvider time)
{
    private readonly long _since = time.GetUtcNow().ToUnixTimeSeconds();

    public Task ListAsync(HttpContext context, TenantId tenant) =>
        GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, new ModelList("list", [Model]), WireJson.Wire.ModelList);

    public Task GetAsync(HttpContext context, TenantId tenant)
    {
        string id = context.Request.RouteValues["id"] as string ?? "";
        return id == text.Model
            ? GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, Model, WireJson.Wire.ModelObject)
            : throw ApiError.NotFound($"The model '{ToolIntake.Printable(id)}' is not served here.", "model_not_found", "model").Raise();
    }

    private ModelObject Model => new(text.Model, "model", _since, "astraea", text.ContextTokensMax);
}
