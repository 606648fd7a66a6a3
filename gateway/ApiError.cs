using Astraea.Gateway.Wire;

namespace Astraea.Gateway;

/// <summary>An error as a client sees it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">What is wrong, in words.</param>
/// <param name="Code">Machine-readable code, or null.</param>
/// <param name="Param">Field concerned, or null.</param>
/// <param name="RetryAfterSeconds">When to come back (s), or null.</param>
/// <param name="ShouldRetry">Overrides the client's habit of repeating 409, 429 and 5xx; null leaves it.</param>
internal sealed record ApiError(
    int Status, string Message, string? Code = null, string? Param = null, int? RetryAfterSeconds = null, bool? ShouldRetry = null)
{
    /// <summary>Code of everything that ends because the node shuts down.</summary>
    public const string DrainingCode = "server_draining";

    /// <summary>Whether the connection is of no more use to the client.</summary>
    public bool ClosesConnection { get; init; } = Status == StatusCodes.Status413PayloadTooLarge;

    /// <summary>OpenAI's error class of the status.</summary>
    public string Type => Status switch
    {
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    public ErrorDetail Detail => new(Message, Type, Param, Code);

    public static ApiError Invalid(string? param, string message, string? code = null) => new(StatusCodes.Status400BadRequest, message, code, param);

    public static ApiError Unsupported(string param, string message) => Invalid(param, message, "unsupported_parameter");

    public static ApiError NotFound(string message, string? code = null, string? param = null) => new(StatusCodes.Status404NotFound, message, code, param);

    public static ApiError Conflict(string message, string code, bool? shouldRetry = null) =>
        new(StatusCodes.Status409Conflict, message, code, ShouldRetry: shouldRetry);

    public static ApiError Unavailable(string message) => new(StatusCodes.Status503ServiceUnavailable, message, "unavailable", RetryAfterSeconds: 1);

    /// <summary>The node goes away, the request stays: the same call, or the rest of the stream, is to be had from another node.</summary>
    public static ApiError Draining(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, message, DrainingCode, RetryAfterSeconds: 1) { ClosesConnection = true };

    public ApiException Raise() => new(this);
}

/// <summary>Carries an <see cref="ApiError"/> from deep inside the reading of a body to the one place that writes it.</summary>
/// <remarks>
/// A refused body is an expected outcome, but a result value through every field of a forty-field body would bury the rules; nothing is held when it is thrown.
/// </remarks>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
