# Stops the containers, of every profile; what they keep stays.
Set-Location (Join-Path $PSScriptRoot '..\deploy')
docker compose --profile local --profile team --profile edge --profile observe stop
exit $LASTEXITCODE
