using Astraea.Contracts.Text;
using Astraea.Worker.Models.Mini;
using Astraea.Worker.Models.Text;

namespace Astraea.Worker.Tests.Text;

public sealed class TinyModelTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("astraea-tiny-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Folder_has_the_same_bytes_every_time_and_is_left_alone_when_it_is_there()
    {
        string first = Path.Combine(_root, "a", TinyModel.Name), second = Path.Combine(_root, "b", TinyModel.Name);
        TinyModel.WriteTo(first);
        TinyModel.WriteTo(second);
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(first, "model.safetensors"));
        TinyModel.WriteTo(first);

        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(first, "model.safetensors")));
        Assert.Equal(5, Directory.GetFiles(first).Length);
        foreach (string file in Directory.GetFiles(first))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(second, Path.GetFileName(file))));
        Assert.Single(Directory.GetDirectories(Path.Combine(_root, "a")));
    }

    [Fact]
    public void Damaged_folder_is_written_again()
    {
        string folder = Path.Combine(_root, TinyModel.Name);
        TinyModel.WriteTo(folder);
        byte[] before = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), before[..1000]);
        File.Delete(Path.Combine(folder, "config.json"));

        TinyModel.WriteTo(folder);

        Assert.Equal(before, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.True(File.Exists(Path.Combine(folder, "config.json")));
        Assert.Single(Directory.GetDirectories(_root));
    }

    [Fact]
    public void Weights_are_the_ones_every_machine_makes()
    {
        TinyModel.WriteTo(Path.Combine(_root, TinyModel.Name));
        byte[] weights = File.ReadAllBytes(Path.Combine(_root, TinyModel.Name, "model.safetensors"));

        Assert.InRange(weights.Length / 4, 800_000, 1_100_000);
        Assert.Equal("3d9d6ffa14e24f20ef8f251f7eef2638d427919624eb988e91ef0040f94c75a9", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(weights)));
    }

    [Fact]
    public void Text_side_loads_with_a_token_for_each_ascii_character()
    {
        ModelText text = TinyModelFolder.Text;

        Assert.Equal(TinyModel.Name, text.Model);
        Assert.True(text.ContextTokensMax >= 4096);
        Assert.Equal(256, Assert.Single(text.EndTokens));
        string ascii = string.Concat(Enumerable.Range(0, 128).Select(c => (char)c));
        Assert.Equal(128, text.Tokenizer.Encode(ascii, parseAdded: true).Length);
    }

    [Fact]
    public void Prompt_has_one_token_before_and_one_behind_each_text()
    {
        RenderedPrompt prompt = TinyModelFolder.Text.Render(new ChatConversation(
            [new ChatItem(ChatRole.System, "Be kind."), new ChatItem(ChatRole.User, "Hello <|end|>")], null));

        Assert.Equal(8 + 13 + 5, prompt.Tokens.Length);
        Assert.Equal(8 + 13, prompt.ContentTokens);
        Assert.Equal("<|system|>Be kind.<|end|><|user|>Hello <|end|><|end|><|assistant|>", TinyModelFolder.Text.Tokenizer.Decode(prompt.Tokens.AsSpan(), keepSpecial: true));
        Assert.Equal(2, prompt.Tokens.Count(token => token == 256));
    }
}
