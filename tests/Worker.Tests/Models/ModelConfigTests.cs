using System.Text;
using System.Text.Json;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Tests.Models;

public sealed class ModelConfigTests
{
    [Fact]
    public void The_golden_configs_are_read_in_full()
    {
        ModelConfig qwen3 = ModelConfig.Load(Golden.FolderOf("qwen3-mini"));
        Assert.Equal(new ModelShape(384, 3, 48, 4, 2, 32, 160, 2048), qwen3.Shape);
        Assert.Equal((ModelArchitecture.Qwen3, true, true, false), (qwen3.Architecture, qwen3.TiedEmbeddings, qwen3.HasHeadNorms, qwen3.HasQkvBias));
        Assert.Equal((1e-6f, 1_000_000.0, 1), (qwen3.RmsNormEpsilon, qwen3.RopeTheta, qwen3.BosToken!.Value));
        Assert.Equal([2], qwen3.EosTokens.ToArray());

        ModelConfig llama3 = ModelConfig.Load(Golden.FolderOf("llama3-mini"));
        Assert.Equal(new Llama3RopeScaling(8, 1, 4, 64), llama3.RopeScaling);
        Assert.Equal(16, llama3.Shape.HeadDim);
        Assert.True(ModelConfig.Load(Golden.FolderOf("qwen2-mini")).HasQkvBias);
    }

    [Fact]
    public void Absent_keys_have_the_defaults_of_the_architecture_and_null_is_absent()
    {
        ModelConfig config = Read(c =>
        {
            foreach (string key in (string[])["num_key_value_heads", "head_dim", "rope_theta", "rms_norm_eps", "tie_word_embeddings", "eos_token_id", "hidden_act"])
                c.Remove(key);
            c["rope_scaling"] = null;
            c["sliding_window"] = 4096;
        });
        Assert.Equal((4, 16, 10000.0, 1e-6f, false), (config.Shape.KvHeads, config.Shape.HeadDim, config.RopeTheta, config.RmsNormEpsilon, config.TiedEmbeddings));
        Assert.Empty(config.EosTokens);
        Assert.Null(config.RopeScaling);
    }

    [Fact]
    public void End_tokens_may_be_one_or_a_list()
    {
        Assert.Equal([7], Read(c => c["eos_token_id"] = 7).EosTokens.ToArray());
        Assert.Equal([7, 9], Read(c => c["eos_token_id"] = new[] { 7, 9 }).EosTokens.ToArray());
    }

    [Fact]
    public void Rope_parameters_of_newer_files_are_read()
    {
        ModelConfig config = Read(c =>
        {
            c.Remove("rope_theta");
            c["rope_parameters"] = new { rope_theta = 5e5, rope_type = "llama3", factor = 4.0, low_freq_factor = 1.0, high_freq_factor = 4.0, original_max_position_embeddings = 128 };
        });
        Assert.Equal((5e5, new Llama3RopeScaling(4, 1, 4, 128)), (config.RopeTheta, config.RopeScaling));
        Assert.Null(Read(c => c["rope_parameters"] = new { rope_theta = 7.0, rope_type = "default" }).RopeScaling);
    }

    public static TheoryData<string, string, string> Refused => new()
    {
        { "architectures", """["MistralForCausalLM"]""", "LlamaForCausalLM, Qwen2ForCausalLM or Qwen3ForCausalLM, but is [\"MistralForCausalLM\"]" },
        { "architectures", "[]", "a list of one name" },
        { "hidden_act", "\"gelu\"", "must be 'silu', but is \"gelu\"" },
        { "attention_bias", "true", "must be false, but is true" },
        { "mlp_bias", "true", "must be false" },
        { "use_sliding_window", "true", "must be false" },
        { "quantization_config", """{"bits":4}""", "quantised weights are not supported" },
        { "partial_rotary_factor", "0.5", "must be 1" },
        { "layer_types", """["full_attention","sliding_attention"]""", "'full_attention' only" },
        { "rope_scaling", """{"rope_type":"yarn","factor":4}""", "'rope_scaling.rope_type' must be 'default' or 'llama3', but is \"yarn\"" },
        { "rope_scaling", """{"type":"linear","factor":4}""", "'rope_scaling.type'" },
        { "rope_scaling", """{"rope_type":"llama3","factor":4}""", "'rope_scaling.low_freq_factor' is missing" },
        { "rope_scaling", """{"rope_type":"llama3","factor":4,"low_freq_factor":2,"high_freq_factor":2,"original_max_position_embeddings":64}""", "must be above low_freq_factor" },
        { "rope_scaling", "\"llama3\"", "must be an object" },
        { "hidden_size", "0", "an integer from 1" },
        { "hidden_size", "64.5", "an integer from 1" },
        { "hidden_size", "\"64\"", "an integer from 1" },
        { "vocab_size", "9999999999", "an integer from 1" },
        { "max_position_embeddings", "2000000", "an integer from 1 to 1048576" },
        { "num_key_value_heads", "3", "must divide num_attention_heads (4)" },
        { "head_dim", "15", "an even width" },
        { "rms_norm_eps", "-1", "a number above 0" },
        { "rope_theta", "0", "a number above 0" },
        { "eos_token_id", "384", "a token id below 384" },
        { "eos_token_id", "[1,-2]", "a token id below 384" },
        { "tie_word_embeddings", "\"yes\"", "must be true or false" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_value_that_is_not_supported_is_refused_with_key_and_value(string key, string value, string message)
    {
        string actual = Assert.Throws<ModelFormatException>(() => Read(c => c[key] = JsonSerializer.Deserialize<JsonElement>(value))).Message;
        Assert.StartsWith("here/config.json: key '" + key, actual, StringComparison.Ordinal);
        Assert.Contains(message, actual, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vocab_size")]
    [InlineData("num_hidden_layers")]
    [InlineData("max_position_embeddings")]
    [InlineData("architectures")]
    public void A_missing_key_is_named(string key) =>
        Assert.Contains($"key '{key}' is missing", Assert.Throws<ModelFormatException>(() => Read(c => c.Remove(key))).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_not_a_json_object_is_refused()
    {
        Assert.Throws<ModelFormatException>(() => ModelConfigReader.Read("{"u8, "x"));
        Assert.Throws<ModelFormatException>(() => ModelConfigReader.Read("[]"u8, "x"));
        string folder = Path.Combine(Path.GetTempPath(), "astraea-no-such-folder");
        Assert.Contains(folder, Assert.Throws<ModelFormatException>(() => ModelConfig.Load(folder)).Message, StringComparison.Ordinal);
    }

    private static ModelConfig Read(Action<Dictionary<string, object?>> change)
    {
        var config = new TestModelFolder.Sizes("LlamaForCausalLM", 64, 4, 2, 16, 176, 384, Tied: false).Config();
        change(config);
        return ModelConfigReader.Read(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(config)), "here/config.json");
    }
}
