using Forge.Dashboard;
using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Dashboard.Theme;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using MudBlazor.Services;

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.RootComponents.Add<App>("#app");
// Without it no page could name itself in the tab.
builder.RootComponents.Add<HeadOutlet>("head::after");
builder.Services.AddSingleton(TimeProvider.System);
#pragma warning disable RS0030 // The browser calls the host it came from.
builder.Services.AddSingleton(new HttpClient { BaseAddress = new Uri(builder.HostEnvironment.BaseAddress) });
#pragma warning restore RS0030
builder.Services.AddSingleton<SessionToken>();
builder.Services.AddSingleton<StepUpDesk>();
builder.Services.AddSingleton<ForgeApi>();
builder.Services.AddSingleton<SessionState>();
builder.Services.AddSingleton<LiveStore>();
builder.Services.AddSingleton<LiveConnection>();
builder.Services.AddSingleton<Forge.Dashboard.Sla.ScreenState>();
builder.Services.AddScoped<ThemeState>();
builder.Services.AddScoped<Browser>();
builder.Services.AddScoped<Passkeys>();
builder.Services.AddScoped<SessionTabs>();
builder.Services.AddMudServices();
await builder.Build().RunAsync();
