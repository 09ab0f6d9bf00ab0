
variable "actions" {}
variable "region" {}
resource "aws_sqs_queue" "q" {}
locals {
  doc = { for k in ["a.b", "c"] : k => jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = var.actions, Resource = "${aws_sqs_queue.q.arn}", Condition = { StringEquals = { "aws:RequestedRegion" = var.region } } }]
  }) }
}
resource "aws_iam_policy" "p" {
  for_each = local.doc
  name     = "p-${each.key}"
  policy   = each.value
}
output "queue_arn" { value = aws_sqs_queue.q.arn }
