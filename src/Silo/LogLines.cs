using System.Globalization;
using Forge.WebApi.Http;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace Forge.Silo;

/// <summary>Where log lines go and what they look like: UTC, one line an entry, no secrets. <c>Forge:Log:Format</c> is <c>text</c> for people or <c>json</c> for what collects logs.</summary>
internal static class LogLines
{
    /// <summary>The logger of the process.</summary>
    /// <exception cref="SiloSettingsException">There is no such format.</exception>
    public static Logger Create(IConfiguration configuration) => new LoggerConfiguration()
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("System.Net.Http.HttpClient", LogEventLevel.Warning)
        .MinimumLevel.Override("Orleans", LogEventLevel.Warning)
        .MinimumLevel.Override("Polly", LogEventLevel.Warning)
        .MinimumLevel.Override("Microsoft.EntityFrameworkCore.Database.Command", LogEventLevel.Fatal)   // what fails is thrown to its caller, who says so
        .ReadFrom.Configuration(configuration)
        .Enrich.FromLogContext()
        .Enrich.With<TraceIds>()
        .WriteTo.Console(Format(configuration["Forge:Log:Format"] ?? "text"))
        .CreateLogger();

    /// <summary>The lines of a format, masked.</summary>
    /// <exception cref="SiloSettingsException">There is no such format.</exception>
    public static ITextFormatter Format(string name) => name switch
    {
        "text" => new Masked(new Text()),
        "json" => new Masked(new RenderedCompactJsonFormatter()),
        _ => throw new SiloSettingsException($"Forge:Log:Format is text or json, not '{name}'."),
    };

    /// <summary>The running trace under the names that collectors look for; the compact format's own are <c>@tr</c> and <c>@sp</c>.</summary>
    private sealed class TraceIds : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            if (logEvent.TraceId is { } trace) logEvent.AddPropertyIfAbsent(new LogEventProperty("trace_id", new ScalarValue(trace.ToHexString())));
            if (logEvent.SpanId is { } span) logEvent.AddPropertyIfAbsent(new LogEventProperty("span_id", new ScalarValue(span.ToHexString())));
        }
    }

    /// <summary>Writes what another formatter wrote, without secrets.</summary>
    private sealed class Masked(ITextFormatter inner) : ITextFormatter
    {
        public void Format(LogEvent logEvent, TextWriter output)
        {
            using var line = new StringWriter(CultureInfo.InvariantCulture);
            inner.Format(logEvent, line);
            output.Write(LogMask.Secrets(line.ToString()));
        }
    }

    /// <summary>For people: the message in one line, an exception indented below it, so that a line at the margin is always one of ours.</summary>
    private sealed class Text : ITextFormatter
    {
        public void Format(LogEvent logEvent, TextWriter output)
        {
            var source = logEvent.Properties.GetValueOrDefault(Constants.SourceContextPropertyName) is ScalarValue { Value: string name } ? name : "";
            var level = logEvent.Level switch { LogEventLevel.Verbose => "VRB", LogEventLevel.Debug => "DBG", LogEventLevel.Information => "INF", LogEventLevel.Warning => "WRN", LogEventLevel.Error => "ERR", _ => "FTL" };
            using var message = new StringWriter(CultureInfo.InvariantCulture);
            Message.Format(logEvent, message);
            output.WriteLine($"{logEvent.Timestamp.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)} {level} {source}: {LogMask.OneLine(message.ToString())}");
            if (logEvent.Exception is null) return;
            foreach (var line in logEvent.Exception.ToString().Split('\n')) output.WriteLine("    " + LogMask.OneLine(line.TrimEnd('\r')));
        }

        private static readonly Serilog.Formatting.Display.MessageTemplateTextFormatter Message = new("{Message:lj}", CultureInfo.InvariantCulture);
    }
}
