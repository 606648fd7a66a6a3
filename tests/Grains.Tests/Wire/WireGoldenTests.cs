using System.Text;
using System.Text.Json.Serialization;
using System.Reflection;
using Astraea.Contracts;
using Astraea.Contracts.FrontDoor;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Contracts.Wire;

namespace Astraea.Grains.Tests.Wire;

/// <summary>
/// Silos of two versions meet in every rolling upgrade, and clients outlive both: what passes between them is held by a golden file, one line for each kind,
/// the number of its root before it.
/// </summary>
public sealed class WireGoldenTests
{
    private static readonly string s_golden = Path.Combine(AppContext.BaseDirectory, "Wire", "messages.golden.jsonl");

    private static readonly Type[] s_roots =
    [
        typeof(RequestMessage), typeof(RequestReply), typeof(HistoryPage), typeof(RequestStatus), typeof(PullRequest), typeof(Plan), typeof(ClusterView),
        typeof(FrontDoorCall), typeof(FrontDoorReply),
    ];

    [Fact]
    public void Everything_is_written_as_the_golden_file_says()
    {
        string[] written = [.. WireSamples.All.Select(Line)];
        // A wanted change only adds fields, members or, at the end, roots; then write the file anew with this variable.
        if (Environment.GetEnvironmentVariable("ASTRAEA_WRITE_WIRE_GOLDEN") is { Length: > 0 } path)
            File.WriteAllLines(path, written);
        Assert.Equal(File.ReadAllLines(s_golden), written);
    }

    [Fact]
    public void Every_line_of_the_golden_file_reads_back_to_what_was_written()
    {
        foreach (string line in File.ReadAllLines(s_golden))
            Assert.Equal(line, Line(WireFormat.Decode(Bytes(line))));
    }

    [Fact]
    public void Roots_keep_their_numbers()
    {
        foreach (object sample in WireSamples.All)
            Assert.True(sample.GetType().IsAssignableTo(s_roots[WireFormat.Encode(sample)[0]]), $"{sample.GetType()} travels under another root");
        Assert.Equal(s_roots.Length, WireSamples.All.Select(sample => WireFormat.Encode(sample)[0]).Distinct().Count());
        Assert.Throws<FormatException>(() => WireFormat.Decode([(byte)s_roots.Length, .. "{}"u8]));
    }

    [Fact]
    public void There_is_a_sample_of_every_record_and_in_it_every_field_is_set()
    {
        HashSet<string> missing =
        [
            .. WireShape.RecordsUnder(s_roots).SelectMany(type => WireShape.FieldsOf(type).Select(field => $"{type.FullName}.{field.Name}").Prepend(type.FullName!)),
        ];
        foreach (object sample in WireSamples.All)
        {
            missing.Remove(sample.GetType().FullName!);
            WireShape.Visit(sample, (type, field, held) =>
            {
                missing.Remove(type.FullName!);
                if (WireShape.IsSet(field, held))
                    missing.Remove($"{type.FullName}.{field.Name}");
            });
        }
        Assert.Empty(missing);
    }

    [Fact]
    public void Members_of_a_family_are_told_apart_by_short_names_of_their_own()
    {
        Type[] families = [.. s_roots, typeof(RequestEvent), typeof(FrontDoorUpdate)];
        foreach (Type family in families.Where(type => type.IsAbstract))
        {
            JsonDerivedTypeAttribute[] declared = [.. family.GetCustomAttributes<JsonDerivedTypeAttribute>()];
            Assert.Equal(WireShape.FamilyOf(family).Select(t => t.Name).Order(), declared.Select(d => d.DerivedType.Name).Order());
            Assert.Equal(declared.Length, declared.Select(d => d.TypeDiscriminator).Distinct().Count());
            Assert.All(declared, d => Assert.IsType<string>(d.TypeDiscriminator));
        }
    }

    [Fact]
    public void No_type_name_travels()
    {
        foreach (string line in File.ReadAllLines(s_golden))
        {
            Assert.DoesNotContain("Astraea", line, StringComparison.Ordinal);
            Assert.DoesNotContain("System.", line, StringComparison.Ordinal);
            Assert.DoesNotContain("$type", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Fields_of_a_newer_version_are_passed_over()
    {
        foreach (string line in File.ReadAllLines(s_golden))
        {
            string newer = line.Insert(line.Length - 1, line.EndsWith("{}", StringComparison.Ordinal) ? "\"mood\":1" : ",\"mood\":{\"deep\":[1,2]}");
            Assert.Equal(line, Line(WireFormat.Decode(Bytes(newer))));
        }
    }

    [Theory]
    [InlineData("0 null")]
    [InlineData("0 {}")]
    [InlineData("""0 {"m":"unheard_of"}""")]
    [InlineData("""0 {"m":"cancel","reason":""")]
    [InlineData("""7 {"c":"read","max":"many"}""")]
    [InlineData("250 {}")]
    [InlineData("0 ")]
    public void What_is_no_message_is_told_as_a_format_fault(string line) => Assert.Throws<FormatException>(() => WireFormat.Decode(Bytes(line)));

    [Fact]
    public void A_key_is_not_printed_with_its_call()
    {
        FrontDoorCall call = WireSamples.All.OfType<FrontDoorCall.Cancel>().Single();
        Assert.DoesNotContain("secret", call.ToString(), StringComparison.Ordinal);
        Assert.Contains("secret", Line(call), StringComparison.Ordinal);
    }

    private static string Line(object value)
    {
        byte[] bytes = WireFormat.Encode(value);
        return $"{bytes[0]} {Encoding.UTF8.GetString(bytes.AsSpan(1))}";
    }

    private static byte[] Bytes(string line)
    {
        string[] parts = line.Split(' ', 2);
        return [byte.Parse(parts[0]), .. Encoding.UTF8.GetBytes(parts[1])];
    }
}
