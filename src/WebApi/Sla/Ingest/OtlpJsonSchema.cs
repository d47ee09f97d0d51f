namespace Forge.WebApi.Sla.Ingest;

/// <summary>How a member of OTLP/JSON is written in protobuf.</summary>
internal enum OtlpType : byte
{
    /// <summary>One nested message.</summary>
    Message,

    /// <summary>A list of nested messages.</summary>
    Messages,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Base64 text.</summary>
    Base64,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>int64, uint32 or enum as varint.</summary>
    Varint,

    /// <summary>sint32.</summary>
    ZigZag,

    /// <summary>Unsigned 64 bits in eight bytes.</summary>
    Fixed,

    /// <summary>Signed 64 bits in eight bytes.</summary>
    SignedFixed,

    /// <summary>double.</summary>
    Double,

    /// <summary>Packed list of unsigned 64 bits in eight bytes each.</summary>
    FixedList,

    /// <summary>Packed list of doubles.</summary>
    DoubleList,

    /// <summary>Packed list of varints.</summary>
    VarintList,
}

/// <summary>One member: its lowerCamelCase name, its field number and its type.</summary>
internal sealed record OtlpField(byte[] Name, int Number, OtlpType Type, OtlpMessage? Message = null);

/// <summary>The members of one message that <see cref="OtlpReader"/> reads; all others are ignored, as the standard demands.</summary>
internal sealed class OtlpMessage
{
    private static readonly OtlpMessage AnyValue = new();
    private static readonly OtlpMessage KeyValue = new();

    private OtlpMessage()
    {
    }

    /// <summary>The members.</summary>
    public OtlpField[] Fields { get; private set; } = [];

    /// <summary><c>ExportMetricsServiceRequest</c>.</summary>
    public static OtlpMessage Request { get; } = Build();

    private static OtlpMessage Build()
    {
        KeyValue.Fields = [Of("key"u8, 1, OtlpType.Text), Of("value"u8, 2, OtlpType.Message, AnyValue)];
        AnyValue.Fields =
        [
            Of("stringValue"u8, 1, OtlpType.Text), Of("boolValue"u8, 2, OtlpType.Flag), Of("intValue"u8, 3, OtlpType.Varint), Of("doubleValue"u8, 4, OtlpType.Double),
            Of("arrayValue"u8, 5, OtlpType.Message, With(Of("values"u8, 1, OtlpType.Messages, AnyValue))), Of("kvlistValue"u8, 6, OtlpType.Message, With(Of("values"u8, 1, OtlpType.Messages, KeyValue))),
            Of("bytesValue"u8, 7, OtlpType.Base64),
        ];
        OtlpField start = Of("startTimeUnixNano"u8, 2, OtlpType.Fixed), time = Of("timeUnixNano"u8, 3, OtlpType.Fixed), count = Of("count"u8, 4, OtlpType.Fixed);
        var number = With(Attributes(7), start, time, Of("asDouble"u8, 4, OtlpType.Double), Of("asInt"u8, 6, OtlpType.SignedFixed), Of("flags"u8, 8, OtlpType.Varint));
        var buckets = With(Of("offset"u8, 1, OtlpType.ZigZag), Of("bucketCounts"u8, 2, OtlpType.VarintList));
        var histogram = With(Attributes(9), start, time, count, Of("bucketCounts"u8, 6, OtlpType.FixedList), Of("explicitBounds"u8, 7, OtlpType.DoubleList), Of("flags"u8, 10, OtlpType.Varint));
        var exponential = With(
            Attributes(1), start, time, count, Of("scale"u8, 6, OtlpType.ZigZag), Of("zeroCount"u8, 7, OtlpType.Fixed), Of("positive"u8, 8, OtlpType.Message, buckets), Of("negative"u8, 9, OtlpType.Message, buckets),
            Of("flags"u8, 10, OtlpType.Varint));
        var temporality = Of("aggregationTemporality"u8, 2, OtlpType.Varint);
        var metric = With(
            Of("name"u8, 1, OtlpType.Text), Of("unit"u8, 3, OtlpType.Text),
            Of("gauge"u8, 5, OtlpType.Message, With(Points(number))),
            Of("sum"u8, 7, OtlpType.Message, With(Points(number), temporality, Of("isMonotonic"u8, 3, OtlpType.Flag))),
            Of("histogram"u8, 9, OtlpType.Message, With(Points(histogram), temporality)),
            Of("exponentialHistogram"u8, 10, OtlpType.Message, With(Points(exponential), temporality)),
            Of("summary"u8, 11, OtlpType.Message, With(Points(With(Attributes(7), start, time)))));
        var scope = With(Of("name"u8, 1, OtlpType.Text), Of("version"u8, 2, OtlpType.Text));
        var scopeMetrics = With(Of("scope"u8, 1, OtlpType.Message, scope), Of("metrics"u8, 2, OtlpType.Messages, metric));
        var resourceMetrics = With(Of("resource"u8, 1, OtlpType.Message, With(Attributes(1))), Of("scopeMetrics"u8, 2, OtlpType.Messages, scopeMetrics));
        return With(Of("resourceMetrics"u8, 1, OtlpType.Messages, resourceMetrics));
    }

    private static OtlpField Attributes(int number) => Of("attributes"u8, number, OtlpType.Messages, KeyValue);

    private static OtlpField Points(OtlpMessage point) => Of("dataPoints"u8, 1, OtlpType.Messages, point);

    private static OtlpField Of(ReadOnlySpan<byte> name, int number, OtlpType type, OtlpMessage? message = null) => new(name.ToArray(), number, type, message);

    private static OtlpMessage With(params OtlpField[] fields) => new() { Fields = fields };
}
