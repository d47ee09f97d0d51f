using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Forge.Domain;
using Forge.WebApi.Audit;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Forge.WebApi.Http;

/// <summary>The description of the API at <c>/api/openapi.json</c>, for those who may see the running platform.</summary>
internal static class OpenApiDocument
{
    public const string Path = "/api/openapi.json";
    public const string Policy = "platform.runtime";
    private const string Json = "application/json";

    public static IServiceCollection AddForgeOpenApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ForgeJson.Default);
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
            json.SerializerOptions.Converters.Add(new Arrays());
        });
        return services.AddOpenApi(document =>
        {
            document.ShouldInclude = _ => true;
            document.AddDocumentTransformer((description, _, _) =>
            {
                description.Info = new OpenApiInfo { Title = "Forge.Orleans", Version = "1" };
                description.Servers?.Clear();   // the address one came by, not one that was guessed
                return Task.CompletedTask;
            });
            document.AddOperationTransformer(DescribeAsync);
            document.AddSchemaTransformer(async (schema, context, cancellation) =>
            {
                if (!Arrays.Is(context.JsonTypeInfo.Type)) return;
                schema.Type = JsonSchemaType.Array;
                schema.Items = await context.GetOrCreateSchemaAsync(context.JsonTypeInfo.Type.GetGenericArguments()[0], null, cancellation);
            });
        });
    }

    public static void MapForgeOpenApi(this IEndpointRouteBuilder app) => app.MapOpenApi(Path).RequireAuthorization(Policy);

    // Commands and lists read themselves, so the framework does not know what they take.
    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var parameters = context.Description.ActionDescriptor.EndpointMetadata.OfType<MethodInfo>().FirstOrDefault()?.GetParameters() ?? [];
        operation.Parameters = [.. (operation.Parameters ?? []).Where(p => p.In is ParameterLocation.Path or ParameterLocation.Query)];
        foreach (var parameter in parameters)
        {
            var type = parameter.ParameterType;
            if (type == typeof(ListRequest))
                foreach (var name in (string[])["limit", "cursor", "sort", "format"]) operation.Parameters.Add(Named(name, ParameterLocation.Query));
            if (type == typeof(JournalRequest))
                foreach (var name in JournalRequest.Names) operation.Parameters.Add(Named(name, ParameterLocation.Query));
            if (type == typeof(Order)) operation.Parameters.Add(Named("Idempotency-Key", ParameterLocation.Header));
            if (!type.IsGenericType || type.GetGenericTypeDefinition() is not { } open || (open != typeof(Command<>) && open != typeof(Body<>))) continue;
            if (open == typeof(Command<>)) operation.Parameters.Add(Named("Idempotency-Key", ParameterLocation.Header));
            var schema = await context.GetOrCreateSchemaAsync(type.GetGenericArguments()[0], null, cancellation);
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [Json] = new() { Schema = schema } } };
        }
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<NeedsVersion>().Any()) operation.Parameters.Add(Named("If-Match", ParameterLocation.Header));
    }

    private static OpenApiParameter Named(string name, ParameterLocation place) => new() { Name = name, In = place, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    // A parameter that defaults to no array at all has a default the framework cannot write down; this writes it as an empty one.
    private sealed class Arrays : JsonConverterFactory
    {
        public static bool Is(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>);

        public override bool CanConvert(Type typeToConvert) => Is(typeToConvert);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

        private sealed class Of<T> : JsonConverter<ImmutableArray<T>>
        {
            public override ImmutableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
                throw new NotSupportedException("Bodies are read by JsonBody.");

            public override void Write(Utf8JsonWriter writer, ImmutableArray<T> value, JsonSerializerOptions options) =>
                JsonSerializer.Serialize(writer, value.IsDefault ? [] : value.AsSpan().ToArray(), options);
        }
    }
}
