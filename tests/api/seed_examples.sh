# The examples of the HTTP contract, as they stand there.

curl -X POST "http://localhost:8000/api/chat/message" \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "alice",
    "message": "我喜欢科幻电影，特别是《星际穿越》",
    "session_id": "session_001",
    "metadata": {
      "source": "web",
      "timestamp": "2024-01-01T10:00:00Z"
    }
  }'

curl -X POST "http://localhost:8000/api/chat/search-memories" \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "alice",
    "query": "电影偏好",
    "limit": 5
  }'

curl -X GET "http://localhost:8000/api/chat/memories/alice"

curl -X DELETE "http://localhost:8000/api/chat/memory/mem_id_123"

curl -X DELETE "http://localhost:8000/api/chat/memories/alice"

curl -X POST "http://localhost:8000/api/memory/add" \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "alice",
    "content": "用户偏好使用Python进行数据分析",
    "metadata": {
      "category": "preferences",
      "topic": "programming",
      "confidence": 0.9
    }
  }'

curl -X POST "http://localhost:8000/api/memory/batch-add" \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "alice",
    "memories": [
      {
        "content": "喜欢早上喝咖啡",
        "metadata": {"category": "habits"}
      },
      {
        "content": "工作时间是9-17点",
        "metadata": {"category": "schedule"}
      }
    ]
  }'

curl -X POST "http://localhost:8000/api/memory/search" \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "alice",
    "query": "编程语言偏好",
    "limit": 10
  }'

curl -X GET "http://localhost:8000/api/memory/user/alice"

curl -X PUT "http://localhost:8000/api/memory/update" \
  -H "Content-Type: application/json" \
  -d '{
    "memory_id": "mem_id_456",
    "content": "用户偏好使用Python和JavaScript进行开发",
    "metadata": {
      "category": "preferences",
      "topic": "programming",
      "updated": true
    }
  }'

curl -X DELETE "http://localhost:8000/api/memory/memory/mem_id_456"

curl -X DELETE "http://localhost:8000/api/memory/user/alice"

curl -X GET "http://localhost:8000/api/memory/stats/alice"

curl -X GET "http://localhost:8000/health"

curl -X GET "http://localhost:8000/metrics"

curl -X GET "http://localhost:8000/"
