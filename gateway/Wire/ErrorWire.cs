using System.Text.Json.Serialization;

namespace Astraea.Gateway.Wire;

/// <summary>The body of every error.</summary>
internal sealed record ErrorBody(ErrorDetail Error);

/// <summary>What went wrong, in OpenAI's shape.</summary>
internal sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);

/// <summary>A failure in the middle of a Responses stream; carries both shapes in use, nested and flat.</summary>
internal sealed record ResponseErrorEvent(
    [property: JsonPropertyOrder(-1)] string Type, int SequenceNumber, string? Code, string Message, string? Param, ErrorDetail Error);
