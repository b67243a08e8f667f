"""GoogLeNet.

Szegedy et al., Going Deeper with Convolutions, 2014, with both auxiliary heads, which
stand on inception4a and inception4d; `aux_logits: 0` leaves them out. Module names and
arguments are torchvision's, without its batch normalisation; local response
normalisation is left out.

13,378,280 parameters and 1,591,044,096 multiply-accumulates for an input of
3 x 224 x 224, batch 1.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class Inception(nn.Module):
    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
    ) -> None:
        super().__init__()
        self.branch1 = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, ch1x1, kernel_size=1), relu1=nn.ReLU()
            )
        )
        self.branch2 = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, ch3x3red, kernel_size=1),
                relu1=nn.ReLU(),
                conv2=nn.Conv2d(ch3x3red, ch3x3, kernel_size=3, padding=1),
                relu2=nn.ReLU(),
            )
        )
        self.branch3 = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, ch5x5red, kernel_size=1),
                relu1=nn.ReLU(),
                conv2=nn.Conv2d(ch5x5red, ch5x5, kernel_size=5, padding=2),
                relu2=nn.ReLU(),
            )
        )
        self.branch4 = nn.Sequential(
            OrderedDict(
                maxpool1=nn.MaxPool2d(3, stride=1, padding=1),
                conv1=nn.Conv2d(in_channels, pool_proj, kernel_size=1),
                relu1=nn.ReLU(),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)  # [B, ch1x1, H, W]
        branch2 = self.branch2(x)  # [B, ch3x3, H, W]
        branch3 = self.branch3(x)  # [B, ch5x5, H, W]
        branch4 = self.branch4(x)  # [B, pool_proj, H, W]
        # [B, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W]
        return torch.cat((branch1, branch2, branch3, branch4), dim=1)


class AuxiliaryHead(nn.Module):
    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.avgpool1 = nn.AvgPool2d(5, stride=3)
        self.conv1 = nn.Conv2d(in_channels, 128, kernel_size=1)
        self.relu1 = nn.ReLU()
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout()
        self.linear1 = nn.Linear(2048, 1024)
        self.relu2 = nn.ReLU()
        self.dropout2 = nn.Dropout()
        self.linear2 = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool1(x)  # [B, in_channels, (H - 2) // 3, (W - 2) // 3]
        x = self.conv1(x)  # [B, 128, (H - 2) // 3, (W - 2) // 3]
        x = self.relu1(x)
        x = self.flatten1(x)  # [B, 128 * ((H - 2) // 3) * ((W - 2) // 3)]
        x = self.dropout1(x)
        x = self.linear1(x)  # [B, 1024]
        x = self.relu2(x)
        x = self.dropout2(x)
        x = self.linear2(x)  # [B, num_classes]
        return x


class GoogLeNet(nn.Module):
    """GoogLeNet."""

    def __init__(self, num_classes: int = 1000, aux_logits: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.relu1 = nn.ReLU()
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = nn.Conv2d(64, 64, kernel_size=1)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(64, 192, kernel_size=3, padding=1)
        self.relu3 = nn.ReLU()
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(
            192, ch1x1=64, ch3x3red=96, ch3x3=128, ch5x5red=16, ch5x5=32, pool_proj=32
        )
        self.inception3b = Inception(
            256, ch1x1=128, ch3x3red=128, ch3x3=192, ch5x5red=32, ch5x5=96, pool_proj=64
        )
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = Inception(
            480, ch1x1=192, ch3x3red=96, ch3x3=208, ch5x5red=16, ch5x5=48, pool_proj=64
        )
        self.aux1 = AuxiliaryHead(512, num_classes) if aux_logits else None
        self.inception4b = Inception(
            512, ch1x1=160, ch3x3red=112, ch3x3=224, ch5x5red=24, ch5x5=64, pool_proj=64
        )
        self.inception4c = Inception(
            512, ch1x1=128, ch3x3red=128, ch3x3=256, ch5x5red=24, ch5x5=64, pool_proj=64
        )
        self.inception4d = Inception(
            512, ch1x1=112, ch3x3red=144, ch3x3=288, ch5x5red=32, ch5x5=64, pool_proj=64
        )
        self.aux2 = AuxiliaryHead(528, num_classes) if aux_logits else None
        self.inception4e = Inception(
            528,
            ch1x1=256,
            ch3x3red=160,
            ch3x3=320,
            ch5x5red=32,
            ch5x5=128,
            pool_proj=128,
        )
        self.maxpool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception5a = Inception(
            832,
            ch1x1=256,
            ch3x3red=160,
            ch3x3=320,
            ch5x5red=32,
            ch5x5=128,
            pool_proj=128,
        )
        self.inception5b = Inception(
            832,
            ch1x1=384,
            ch3x3red=192,
            ch3x3=384,
            ch5x5red=48,
            ch5x5=128,
            pool_proj=128,
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x = self.conv1(x)  # [B, 64, 112, 112]
        x = self.relu1(x)
        x = self.maxpool1(x)  # [B, 64, 56, 56]
        x = self.conv2(x)
        x = self.relu2(x)
        x = self.conv3(x)  # [B, 192, 56, 56]
        x = self.relu3(x)
        x = self.maxpool2(x)  # [B, 192, 28, 28]
        x = self.inception3a(x)  # [B, 256, 28, 28]
        x = self.inception3b(x)  # [B, 480, 28, 28]
        x = self.maxpool3(x)  # [B, 480, 14, 14]
        inception4a = self.inception4a(x)  # [B, 512, 14, 14]
        aux1: Tensor | None = None
        if self.aux1 is not None:
            aux1 = self.aux1(inception4a)  # [B, num_classes]
        x = self.inception4b(inception4a)  # [B, 512, 14, 14]
        x = self.inception4c(x)
        inception4d = self.inception4d(x)  # [B, 528, 14, 14]
        aux2: Tensor | None = None
        if self.aux2 is not None:
            aux2 = self.aux2(inception4d)  # [B, num_classes]
        x = self.inception4e(inception4d)  # [B, 832, 14, 14]
        x = self.maxpool4(x)  # [B, 832, 7, 7]
        x = self.inception5a(x)
        x = self.inception5b(x)  # [B, 1024, 7, 7]
        x = self.avgpool(x)  # [B, 1024, 1, 1]
        x = self.flatten1(x)  # [B, 1024]
        x = self.dropout(x)
        fc = self.fc(x)  # [B, num_classes]
        return fc, aux2, aux1


if __name__ == "__main__":
    model = GoogLeNet().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    for each in output:
        if each is not None:
            print(tuple(each.shape))
