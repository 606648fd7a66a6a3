using YamlDotNet.RepresentationModel;

namespace Astraea.Repo.Tests.Chart;

public sealed class ChartTests
{
    private const string Folder = "deploy/helm/astraea/";

    private static readonly string _values = Repository.Read(Folder + "values.yaml").Text;

    private static RepoFile[] Templates => [.. Repository.Files.Where(path => path.StartsWith(Folder + "templates/", StringComparison.Ordinal)).Select(Repository.Read)];

    private static string StatefulSet => Repository.Read(Folder + "templates/statefulset.yaml").Text;

    [Fact]
    public void The_chart_says_what_it_is()
    {
        YamlMappingNode chart = ChartGuards.Yaml(Repository.Read(Folder + "Chart.yaml").Text);
        Assert.Equal("v2", chart["apiVersion"].ToString());
        Assert.Equal("astraea", chart["name"].ToString());
        Assert.Matches(@"^\d+\.\d+\.\d+$", chart["version"].ToString());
    }

    [Fact]
    public void Templates_are_closed_and_find_what_they_include() => Guard.Clean(ChartGuards.Templates(Templates));

    [Fact]
    public void Templates_and_values_name_the_same_things() => Guard.Clean(ChartGuards.Values(Templates, _values));

    [Fact]
    public void The_schema_describes_the_values() => Guard.Clean(ChartGuards.Schema(_values, Repository.Read(Folder + "values.schema.json").Text));

    [Fact]
    public void The_environment_holds_settings_of_the_silo_and_nothing_else() =>
        Guard.Clean(Templates.SelectMany(file => ChartGuards.Environment(file, ChartGuards.Settings)));

    [Fact]
    public void Settings_are_properties_of_option_classes() => Guard.Clean(ChartGuards.Unbound(
        ChartGuards.Settings, Repository.Sources.Where(file => file.Path.EndsWith("Options.cs", StringComparison.Ordinal) && !file.Path.StartsWith("tests/", StringComparison.Ordinal))));

    [Fact]
    public void A_setting_without_a_property_is_found() => Assert.Equal(["no option class has a property for Astraea__Worker__Slots"], ChartGuards.Unbound(
        ["Astraea__Worker__Slots", "Astraea__Worker__Count"], [new RepoFile("WorkerOptions.cs", "[Range(1, 64)] public int Count { get; init; } = 1;")]));

    [Fact]
    public void Settings_in_the_comments_of_the_values_exist() =>
        Guard.Clean(ChartGuards.Environment(Repository.Read(Folder + "values.yaml"), ChartGuards.Settings));

    [Theory]
    [InlineData("runAsNonRoot: true"), InlineData("readOnlyRootFilesystem: true"), InlineData("allowPrivilegeEscalation: false")]
    [InlineData("drop: [\"ALL\"]"), InlineData("type: RuntimeDefault"), InlineData("automountServiceAccountToken: false")]
    [InlineData("path: /healthz"), InlineData("path: /readyz"), InlineData("replicas: 1"), InlineData("terminationGracePeriodSeconds:")]
    public void The_pod_is_confined_and_probed(string line) => Assert.Contains(line, StatefulSet, StringComparison.Ordinal);

    [Fact]
    public void The_image_runs_as_the_user_the_pod_runs_as()
    {
        Assert.Contains("USER 1654", Repository.Read("deploy/docker/Dockerfile").Text, StringComparison.Ordinal);
        Assert.Contains("runAsUser: 1654", StatefulSet, StringComparison.Ordinal);
    }

    [Fact]
    public void An_open_action_a_missing_end_and_an_unknown_include_are_found()
    {
        RepoFile good = new("t.yaml", "{{- define \"a\" -}}{{ if .x }}y{{ else }}z{{ end }}{{- end }}{{ include \"a\" . }}");
        Assert.Empty(ChartGuards.Templates([good]));
        Assert.Single(ChartGuards.Templates([good with { Text = "{{ .x }" }]));
        Assert.Single(ChartGuards.Templates([good with { Text = "{{ if .x }}y" }]));
        Assert.Single(ChartGuards.Templates([good with { Text = "{{ end }}{{ if .x }}" }]));
        Assert.Single(ChartGuards.Templates([good with { Text = "{{ include \"b\" . }}" }]));
    }

    [Fact]
    public void A_value_nobody_sets_and_one_nobody_reads_are_found() => Assert.Equal(
        ["values.yaml lacks image.name", "no template reads the value spare"],
        ChartGuards.Values([new RepoFile("t.yaml", "{{ .Values.image.name }}{{ with .Values.resources }}{{ end }}")], "image: {}\nresources: {limits: {cpu: 1}}\nspare: 1\n"));

    [Fact]
    public void A_schema_unlike_the_values_is_found()
    {
        const string Schema = """
            { "additionalProperties": false, "properties": { "a": { "type": "integer", "minimum": 2 }, "b": { "enum": ["x", "y"] },
              "o": { "additionalProperties": true, "properties": { "p": { "type": "string" } } } } }
            """;
        Assert.Equal(["the schema lets unknown values pass at 'o.'"], ChartGuards.Schema("{a: 2, b: x, o: {p: q}}", Schema));
        Assert.Equal(
            ["the schema does not allow the default of a, '1'", "the schema does not allow the default of b, 'z'", "the schema lacks c", "the schema has o, values.yaml has not"],
            ChartGuards.Schema("{a: 1, b: z, c: 1}", Schema));
    }

    [Fact]
    public void A_setting_the_silo_does_not_read_is_found()
    {
        Assert.Empty(ChartGuards.Environment(new RepoFile("t.yaml", "Astraea__Gateway__ApiKeys__{{ $i }}__Key: x\n- name: Astraea__Listen\n  value: y\n"), ChartGuards.Settings));
        Assert.Single(ChartGuards.Environment(new RepoFile("t.yaml", "- name: Astraea__Worker__Slot\n  value: y\n"), ChartGuards.Settings));
        Assert.Single(ChartGuards.Environment(new RepoFile("t.yaml", "- name: OTHER\n  value: y\n"), ChartGuards.Settings));
    }
}
