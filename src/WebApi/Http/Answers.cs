using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Forge.Domain;

namespace Forge.WebApi.Http;

/// <summary>Answers of endpoints in the one JSON contract.</summary>
public static class Answers
{
    /// <summary>A value as JSON.</summary>
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) =>
        Results.Json(value, (JsonTypeInfo<T>)ForgeJson.Default.GetTypeInfo(typeof(T))!, statusCode: status);

    /// <summary>An outcome: its value with an ETag, or its refusal as a problem.</summary>
    public static IResult Of<T>(HttpContext http, Outcome<T> outcome, int status = StatusCodes.Status200OK)
        where T : class
    {
        if (outcome.Refusal is { } refusal) return Problems.Of(refusal, outcome.Version);
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{outcome.Version}\"");
        return Json(outcome.Value!, status);
    }

    /// <summary>201 with the place of a new thing.</summary>
    public static IResult Created<T>(HttpContext http, Outcome<T> outcome, Func<T, string> location)
        where T : class
    {
        if (outcome.Succeeded) http.Response.Headers.Location = location(outcome.Value!);
        return Of(http, outcome, StatusCodes.Status201Created);
    }
}
