using System.Net;

namespace Astraea.Client;

/// <summary>A call that did not succeed: refused by the server, or the server could not be reached in time.</summary>
public sealed class AstraeaException : Exception
{
    /// <summary>The server answered with an error.</summary>
    public AstraeaException(HttpStatusCode status, string message, string? code = null, string? param = null, string? trace = null) : base(message)
    {
        Status = status;
        Code = code;
        Param = param;
        Trace = trace;
    }

    /// <summary>There was no answer.</summary>
    public AstraeaException(string message, Exception inner) : base(message, inner) { }

    /// <summary>There was no usable answer.</summary>
    public AstraeaException(string message) : base(message) { }

    /// <summary>For serializers.</summary>
    public AstraeaException() { }

    /// <summary>The server said in the middle of a stream that it cannot go on.</summary>
    internal static AstraeaException InStream(string message, string? code, string? param) => new(message) { Code = code, Param = param };

    /// <summary>HTTP status; null when there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>Machine-readable code, such as <c>context_length_exceeded</c>; may be null.</summary>
    public string? Code { get; private init; }

    /// <summary>Field of the body that is wrong; may be null.</summary>
    public string? Param { get; private init; }

    /// <summary>The answer's <c>x-request-id</c>, for the operator's logs; may be null.</summary>
    public string? Trace { get; }
}
