# Says whether recollect is well: scripts\health-check.ps1 [URL]; exit code 1 when it is not, 5 when it does not answer.
param([string]$Url = 'http://127.0.0.1:37777')
try {
    $answer = Invoke-WebRequest -UseBasicParsing -TimeoutSec 10 "$Url/health"
    Write-Output $answer.Content
    exit 0
} catch {
    if ($_.Exception.Response) { Write-Output "$Url is not well: $([int]$_.Exception.Response.StatusCode)"; exit 1 }
    Write-Output "$Url does not answer"
    exit 5
}
