using YamlDotNet.RepresentationModel;

namespace Astraea.Repo.Tests.Chart;

/// <summary>What the chart's files show without a template engine; tests/Chart.Tests renders them.</summary>
public sealed class ChartTests
{
    private const string Folder = "deploy/helm/astraea/";

    private static readonly string _values = Repository.Read(Folder + "values.yaml").Text;

    private static RepoFile[] Templates => [.. Repository.Files.Where(path => path.StartsWith(Folder + "templates/", StringComparison.Ordinal)).Select(Repository.Read)];

    private static string Pod => Repository.Read(Folder + "templates/_pod.tpl").Text;

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

    [Theory]
    [InlineData("runAsNonRoot: true"), InlineData("readOnlyRootFilesystem: true"), InlineData("allowPrivilegeEscalation: false")]
    [InlineData("drop: [\"ALL\"]"), InlineData("type: RuntimeDefault"), InlineData("automountServiceAccountToken: false")]
    [InlineData("path: /healthz"), InlineData("path: /readyz"), InlineData("terminationGracePeriodSeconds:")]
    public void The_pod_is_confined_and_probed(string line) => Assert.Contains(line, Pod, StringComparison.Ordinal);

    [Fact]
    public void The_image_runs_as_the_user_the_pod_runs_as()
    {
        Assert.Contains("USER 1654", Repository.Read("deploy/docker/Dockerfile").Text, StringComparison.Ordinal);
        Assert.Contains("runAsUser: 1654", Pod, StringComparison.Ordinal);
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
}
