"""What is listed and put on paper: the plan's items as pages get them, their list, sheets and documents as files."""
