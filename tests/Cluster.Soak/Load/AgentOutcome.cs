namespace Astraea.Cluster.Soak.Load;

/// <summary>How a connection of an agent came to an early end.</summary>
internal enum CutKind
{
    /// <summary>The connection broke in the middle of an answer.</summary>
    Broken,

    /// <summary>The connection broke before an answer began: whether the call was heard is unknown, and it is sent again.</summary>
    Unanswered,

    /// <summary>The gateway ended the stream with an error frame.</summary>
    ErrorFrame,

    /// <summary>Nobody listened, or the gateway asked to come back later (429, 503) before anything was accepted.</summary>
    Refused,
}

/// <summary>One early end.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">How.</param>
/// <param name="Gateway">Where.</param>
/// <param name="What">In words.</param>
internal sealed record Cut(DateTimeOffset At, CutKind Kind, Uri Gateway, string What)
{
    /// <summary>When new output came after it; null when none did.</summary>
    public DateTimeOffset? NewOutputAt { get; set; }
}

/// <summary>What became of one agent.</summary>
internal sealed class AgentOutcome(AgentScript script)
{
    public AgentScript Script => script;

    /// <summary>Its agent request, as every answer named it.</summary>
    public string? Request { get; set; }

    /// <summary>Arguments of each call, then the answer.</summary>
    public List<string> Said { get; } = [];

    /// <summary>Early ends it lived through.</summary>
    public List<Cut> Cuts { get; } = [];

    /// <summary>Pauses of more than a second between two pieces of one answer.</summary>
    public List<(DateTimeOffset From, TimeSpan Length)> Stalls { get; } = [];

    /// <summary>Streams continued behind their last event, at another gateway or the same.</summary>
    public int Resumes { get; set; }

    /// <summary>Exchanges sent again under their key, which replayed from the start.</summary>
    public int Replays { get; set; }

    /// <summary>What must not be: a gap, a duplicate, another request, a refusal that stays. Null when all is well.</summary>
    public string? Fault { get; set; }

    /// <summary>Whether it came to its end.</summary>
    public bool IsDone { get; set; }
}
