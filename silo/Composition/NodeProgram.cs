using Astraea.Grains.Driver;
using Astraea.Worker.Models.Weights;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Composition;

/// <summary>Starts the node, says where it listens, and turns every reason not to start into one line.</summary>
internal static class NodeProgram
{
    /// <summary>Runs until stopped. Exit code 0 after a clean stop, 2 when the node cannot start as configured.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            await using WebApplication node = await NodeShape.BuildAsync(args);
            node.Lifetime.ApplicationStarted.Register(() => Announce(node));
            if (node.Services.GetRequiredService<NodeSettings>().Node.StopWithInput)
                InputWatch.Start(node.Lifetime);
            await node.RunAsync();
            return 0;
        }
        catch (Exception e) when (Explain(e) is { } reason)
        {
            await Console.Error.WriteLineAsync($"astraea: cannot start: {reason}");
            return 2;
        }
    }

    /// <summary>Programs that start a node wait for this line.</summary>
    private static void Announce(WebApplication node)
    {
        IServerAddressesFeature? addresses = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        foreach (string address in addresses?.Addresses ?? [])
            Console.WriteLine($"astraea: listening on {address}");
        Console.Out.Flush();
    }

    private static string? Explain(Exception e) => e switch
    {
        OptionsValidationException options => string.Join("; ", options.Failures),
        NodeConfigurationException or ModelFormatException or HistoryUnavailableException or InvalidDataException or IOException or UnauthorizedAccessException
            or Contracts.Text.TextException or FormatException => e.Message,
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        InvalidOperationException { InnerException: { } inner } => Explain(inner),
        _ => null,
    };
}

/// <summary>The node cannot start as configured; the message names the setting.</summary>
public sealed class NodeConfigurationException : Exception
{
    /// <summary>Says which setting and what it should be.</summary>
    public NodeConfigurationException(string message) : base(message) { }

    /// <summary>Says which setting, and why it does not work.</summary>
    public NodeConfigurationException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public NodeConfigurationException() { }
}
