"""LeNet-5.

LeNet-5 (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998)
for colour images, as tutorials write it: maximum pooling for the paper's trained
subsampling, every map of conv2 sees all maps before it, and a linear layer stands for
the radial basis functions.

62,006 parameters and 651,720 multiply-accumulates for an input of 3 x 32 x 32, batch 1.
"""

import torch
from torch import Tensor, nn


class LeNet5(nn.Module):
    """LeNet-5."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=5)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.maxpool2 = nn.MaxPool2d(2)
        self.flatten1 = nn.Flatten()
        self.linear1 = nn.Linear(400, 120)
        self.relu1 = nn.ReLU()
        self.linear2 = nn.Linear(120, 84)
        self.relu2 = nn.ReLU()
        self.linear3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # [B, 6, 28, 28]
        x = self.maxpool1(x)  # [B, 6, 14, 14]
        x = self.conv2(x)  # [B, 16, 10, 10]
        x = self.maxpool2(x)  # [B, 16, 5, 5]
        x = self.flatten1(x)  # [B, 400]
        x = self.linear1(x)  # [B, 120]
        x = self.relu1(x)
        x = self.linear2(x)  # [B, 84]
        x = self.relu2(x)
        x = self.linear3(x)  # [B, num_classes]
        return x


if __name__ == "__main__":
    model = LeNet5().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 32, 32))
    print(tuple(output.shape))
