namespace Astraea.Gateway.Wire;

/// <summary>The wire format an exchange came in by.</summary>
internal enum Surface
{
    /// <summary><c>/v1/chat/completions</c>.</summary>
    Chat,

    /// <summary><c>/v1/responses</c>.</summary>
    Responses,
}
