# Shows the containers' logs and goes on as they grow: scripts\logs.ps1 [SERVICE...]
Set-Location (Join-Path $PSScriptRoot '..\deploy')
docker compose --profile local --profile team --profile edge --profile observe logs --follow --tail 200 @args
exit $LASTEXITCODE
