using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Tests.Models;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Tensors_are_found_by_name_and_read_by_row()
    {
        Write(TestModelFolder.Safetensors(
        [
            new TestTensor("a", "F32", [2, 3], [.. Enumerable.Range(0, 24).Select(i => (byte)i)]),
            new TestTensor("odd", "I8", [1], [9]),
            new TestTensor("b", "BF16", [2], [1, 2, 3, 4]),
        ]));
        using SafetensorsFile file = SafetensorsFile.Open(_path);
        Assert.Equal(["a", "b", "odd"], file.Tensors.Keys.Order());
        Assert.Equal([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23], file.Row(file.Tensors["a"], 1).ToArray());
        Assert.Equal([1, 2, 3, 4], file.Row(file.Tensors["b"], 0).ToArray());
        Assert.Equal(TensorFormat.Other, file.Tensors["odd"].Format);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Row(file.Tensors["a"], 2).Length);
        Assert.Throws<ArgumentException>(() => file.Row(file.Tensors["a"] with { End = 1 << 20 }, 0).Length);
    }

    public static TheoryData<string, int, string> Malformed => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "tensor 'a' ends at byte 8, but only 7 bytes follow" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "1 bytes behind the last tensor" },
        { """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "tensor 'a': shape [3] of F32 takes 12 bytes, but 'data_offsets' spans 8" },
        { """{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[8,0]}}""", 8, "tensor 'a': 'data_offsets' must be a begin and an end" },
        { """{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[2],"data_offsets":[2,6]}}""", 6, "tensor 'b' begins at byte 2" },
        { """{"a":{"dtype":"F16","shape":[2],"data_offsets":[2,6]}}""", 6, "tensor 'a' begins at byte 2" },
        { """{"a":{"dtype":"F16","shape":[-2],"data_offsets":[0,4]}}""", 4, "'shape' must hold integers from 0, but holds -2" },
        { """{"a":{"dtype":"F16","shape":[2.5],"data_offsets":[0,4]}}""", 4, "but holds 2.5" },
        { """{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}""", 4, "is too large" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4, "but holds 99999999999999999999" },
        { """{"a":{"dtype":"F32","shape":[1]}}""", 4, "tensor 'a': 'data_offsets' must be a list" },
        { """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "tensor 'a': 'dtype' must be a text" },
        { """{"a":7}""", 0, "tensor 'a' must be an object" },
        { """{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"a":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}""", 4, "tensor 'a' stands twice" },
        { """[1]""", 0, "the header must be a JSON object" },
        { """{"a":""", 0, "the header is not JSON" },
        { "", 0, "the header is not JSON" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_header_is_refused_with_the_place(string header, int dataBytes, string message)
    {
        Write(TestModelFolder.Raw(header, dataBytes));
        AssertRefused(message);
    }

    [Fact]
    public void A_header_length_beyond_the_file_is_refused()
    {
        Write([1, 0, 0, 0, 0, 0, 0, 0]);
        AssertRefused("the header length is 1 bytes, but the file has 8");
        Write([255, 255, 255, 255, 255, 255, 255, 255, 0]);
        AssertRefused("the header length is 18446744073709551615 bytes");
        Write([1, 2, 3]);
        AssertRefused("has 3 bytes");
        Write([]);
        AssertRefused("has 0 bytes");
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = TestModelFolder.Safetensors([new TestTensor("a", "F32", [2], new byte[8]), new TestTensor("b", "F16", [1], new byte[2])]);
        for (int length = 0; length < whole.Length; length++)
        {
            Write(whole[..length]);
            Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_path));
        }
        Write(whole);
        SafetensorsFile.Open(_path).Dispose();
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        string missing = _path + ".missing";
        Assert.Contains(missing, Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(missing)).Message, StringComparison.Ordinal);
    }

    private void Write(byte[] bytes) => File.WriteAllBytes(_path, bytes);

    private void AssertRefused(string message)
    {
        string actual = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_path)).Message;
        Assert.StartsWith(_path, actual, StringComparison.Ordinal);
        Assert.Contains(message, actual, StringComparison.Ordinal);
    }
}
