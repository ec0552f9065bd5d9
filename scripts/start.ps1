# Starts recollect in containers and waits until it is ready: scripts\start.ps1 [local|team|edge]
param([ValidateSet('local', 'team', 'edge')][string]$Profile_ = 'local')
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..\deploy')
docker compose version | Out-Null
if ($LASTEXITCODE -ne 0) { Write-Error 'Docker with Compose 2.24 or later is needed; without containers it is: recollect serve' }
if (-not (Test-Path .env)) {
    $text = Get-Content .env.example
    foreach ($name in 'POSTGRES_PASSWORD', 'GRAFANA_PASSWORD') {
        $secret = ([guid]::NewGuid().ToString('N') + [guid]::NewGuid().ToString('N')).Substring(0, 48)
        $text = $text -replace "^$name=$", "$name=$secret"
    }
    Set-Content -Path .env -Value $text
    Write-Output 'deploy\.env was made, with new passwords; look at it'
}
New-Item -ItemType Directory -Force secrets | Out-Null
foreach ($name in 'prometheus-token', 'alert-token') {
    if (-not (Test-Path "secrets\$name")) { New-Item -ItemType File "secrets\$name" | Out-Null }
}
docker compose --profile $Profile_ up --detach --wait
exit $LASTEXITCODE
