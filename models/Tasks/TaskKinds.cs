using System.Collections.Immutable;
using Astraea.Models.Tasks.Demo;
using Astraea.Models.Tasks.Domains;

namespace Astraea.Models.Tasks;

/// <summary>All kinds of tasks.</summary>
internal static class TaskKinds
{
    /// <summary>Kinds over the fixed tools of the demo.</summary>
    public static ImmutableArray<TaskKind> Demo { get; } =
    [
        On("arithmetic.pair", 1, 4, Arithmetic.Pair), On("arithmetic.three", 1, 4, Arithmetic.Three), On("arithmetic.story", 1, 3, Arithmetic.Story),
        On("arithmetic.follow-up", 2, 3, Arithmetic.FollowUp), On("arithmetic.chain", 2, 3, Arithmetic.Steps),
        On("dates.add", 1, 3, Dates.Add), On("dates.between", 1, 2, Dates.Between), On("dates.follow-up", 2, 2, Dates.Twice),
        On("units.convert", 1, 3, Dates.Units), On("units.chain", 2, 2, Dates.UnitsThenSum),
        On("weather.one", 1, 5, Weather.One), On("weather.temperature", 1, 2, Weather.Temperature), On("weather.follow-up", 2, 3, Weather.FollowUp),
        On("weather.parallel", 2, 3, Weather.Parallel), On("weather.parallel-chain", 2, 3, Weather.Mean), On("weather.chain", 2, 3, Weather.Fahrenheit),
        On("weather.fault", 2, 4, Weather.Failing), On("facts.one", 1, 3, Weather.Facts), On("facts.follow-up", 2, 3, Weather.FactsThenMore),
        On("stock.one", 1, 4, Stock.One), On("stock.follow-up", 2, 3, Stock.FollowUp), On("stock.chain", 2, 3, Stock.Total), On("stock.parallel-chain", 2, 3, Stock.Basket),
        On("stock.parallel", 2, 2, Stock.Parallel), On("stock.order", 2, 3, Stock.Order), On("stock.order-chain", 2, 2, Stock.OrderTwice),
        new("files.search", 1, 3, Files.Search), new("files.fault", 2, 2, Files.Missing), new("files.quote", 1, 3, Files.Quote), On("files.chain", 2, 2, Files.Last), On("files.length", 1, 1, Files.Length),
        On("tickets.find", 1, 3, Tickets.Find), On("tickets.book", 2, 5, Tickets.FindAndBook), On("tickets.chain", 2, 3, Tickets.InOneGo), On("tickets.parallel", 2, 2, Tickets.Several),
        On("tickets.fault", 2, 1, Tickets.Unknown),
        On("talk.small", 1, 2, Talk.Small), On("talk.thanks", 2, 1, Talk.ThenThanks), On("talk.tools", 1, 2, Talk.WhichTools), On("talk.nothing-fits", 1, 3, Talk.NothingFits), On("talk.copy", 1, 3, Talk.Repeat),
        new("everyday.one", 3, 12, (script, _, _) => Everyday.One(script)),
    ];

    /// <summary>Kinds over tools made up for one conversation.</summary>
    public static ImmutableArray<TaskKind> OwnTools { get; } =
    [
        Own("own.look-up", 30, Domains.OwnTools.LookUp), Own("own.parallel", 10, Domains.OwnTools.Together), Own("own.fault", 8, Domains.OwnTools.Failing),
        Own("own.chain", 22, Domains.OwnTools.Chain), Own("own.action", 20, Domains.OwnTools.Act), Own("own.nothing-fits", 6, Domains.OwnTools.NothingFits),
    ];

    private static TaskKind On(string name, int stage, int weight, Action<TaskScript, DemoTools> act) => new(name, stage, weight, (script, tools, _) => act(script, tools));

    private static TaskKind Own(string name, int weight, Action<TaskScript> act) => new(name, 3, weight, (script, _, _) => act(script));
}
