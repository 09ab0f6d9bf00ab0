
variable "acts" { type = list(string) }
module "q" {
  source   = "./queues"
  for_each = toset(["eu.west", "us"])
  actions  = var.acts
  region   = each.key
}
resource "aws_iam_role" "r" {
  count = 1
  name  = "r${count.index}"
  assume_role_policy = templatefile("${path.module}/trust.tftpl", { service = "ec2.amazonaws.com" })
  inline_policy {
    name = "one"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = [for m in module.q : m.queue_arn] }] })
  }
}
