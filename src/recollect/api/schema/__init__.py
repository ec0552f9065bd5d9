"""What requests and answers look like: checked on the way in, documented on the way out."""
