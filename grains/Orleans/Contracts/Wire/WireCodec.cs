using Astraea.Contracts.Wire;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace Astraea.Grains.Orleans.Contracts.Wire;

/// <summary>Puts our records on Orleans' wire, in <see cref="WireFormat"/> and a frame of Orleans around it.</summary>
[Alias(Name)]
public sealed class WireCodec : IGeneralizedCodec, IGeneralizedCopier, ITypeFilter
{
    /// <summary>Name of the codec on the wire.</summary>
    public const string Name = "astraea";

    void IFieldCodec.WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, object? value)
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
            return;
        byte[] data = WireFormat.Encode(value!);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(WireCodec), WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)data.Length);
        writer.Write(data);
    }

    object? IFieldCodec.ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.IsReference)
            return ReferenceCodec.ReadReference(ref reader, field.FieldType);
        field.EnsureWireType(WireType.LengthPrefixed);
        object value = WireFormat.Decode(reader.ReadBytes(reader.ReadVarUInt32()));
        ReferenceCodec.RecordObject(reader.Session, value);
        return value;
    }

    bool IGeneralizedCodec.IsSupportedType(Type type) => type == typeof(WireCodec) || WireFormat.Carries(type);

    bool IGeneralizedCopier.IsSupportedType(Type type) => WireFormat.Carries(type);

    // Records are immutable: a call within a process may share them.
    object? IDeepCopier.DeepCopy(object? input, CopyContext context) => input;

    bool? ITypeFilter.IsTypeAllowed(Type type) => type == typeof(WireCodec) || WireFormat.Carries(type) ? true : null;
}
