namespace Astraea.Models.Tasks;

/// <summary>What systems say to assistants before a conversation.</summary>
internal static class SystemPrompts
{
    /// <summary>The prompt of the demo.</summary>
    public const string Demo = "You are Astraea, a helpful assistant. Use the tools when they help.";

    private static readonly string[] _others =
    [
        "You are a helpful assistant.", "You are a helpful assistant. Use the tools you are given.", "Answer with the help of your tools.",
        "You are an assistant that can call functions.", "Help the user. Call a tool when you need one.", "You are a careful assistant.",
    ];

    public static string? Draw(TaskRandom random) => random.Below(10) switch
    {
        < 4 => Demo,
        < 9 => random.Pick(_others),
        _ => null,
    };
}
