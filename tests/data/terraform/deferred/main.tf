variable "boundary" {
  default = "arn:aws:iam::111122223333:policy/edge"
}

resource "aws_s3_bucket" "logs" {
  bucket = "logs-of-everything"
}

data "aws_iam_policy_document" "readers" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["${aws_s3_bucket.logs.arn}/*"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["&{aws:username}/*"]
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "readers" {
  name   = "readers"
  policy = data.aws_iam_policy_document.readers.json
}

resource "aws_iam_role" "reader" {
  name                 = "reader"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.boundary
}

resource "aws_iam_role_policy_attachment" "readers" {
  role       = aws_iam_role.reader.name
  policy_arn = aws_iam_policy.readers.arn
}

resource "aws_iam_role_policy_attachment" "lambda" {
  role       = aws_iam_role.reader.id
  policy_arn = "arn:aws:iam::aws:policy/AWSLambdaExecute"
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
