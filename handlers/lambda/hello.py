# A function as AWS Lambda runs them: no loop, no HTTP, only what is its own.
# What is done here is done once for each worker.
import os

answers = 0


def handler(event, context):
    global answers
    answers += 1
    name = event.get('queryStringParameters', {}).get('name', 'world')
    print(f'{context.function_name} greets {name}')     # to its log
    return {
        'statusCode': 200,
        'headers': {'Content-Type': 'text/plain; charset=utf-8'},
        'body': f'Hello, {name}! This is answer {answers} of '
                f'process {os.getpid()}.\n',
    }
