using System.Data.Common;
using Forge.Grains.Interfaces;
using Microsoft.Extensions.Logging;

namespace Forge.Grains;

/// <summary>Turns what a database throws into something that can be sent to another process. Inside the grain nothing changes; what it catches itself it catches as ever.</summary>
internal sealed partial class StoreFaults(ILogger<StoreFaults> log) : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        var call = context.Invoke();
        return call.IsCompletedSuccessfully ? call : GuardAsync(context, call);   // most calls end at once, and this is on the way of every one
    }

    private async Task GuardAsync(IIncomingGrainCallContext context, Task call)
    {
        try
        {
            await call;
        }
        catch (Exception failure) when (IsOfTheStore(failure))
        {
            LogFailed(log, context.InterfaceName, context.MethodName, failure);
            throw new StoreUnavailableException();
        }
    }

    private static bool IsOfTheStore(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
            if (cause is DbException) return true;
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Interface}.{Method} did not get what it needs from the store.")]
    private static partial void LogFailed(ILogger logger, string @interface, string method, Exception failure);
}
