"""Tables of colour maps: 256 RGB triples each, in base 85, which is compact and needs no extra file.

magma and viridis are matplotlib's (CC0), turbo is Google's (Anton Mikhailov, Apache-2.0).
"""

from __future__ import annotations

MAGMA = (
    "0009300aO41_1yE0RagC0Sf{G4FUoW0|OBR0}})U6$Jzr1_c=h1sezk9SH{?3I`$!2qX*%CJhQG4hkv{3oH-}FA)qe5)CsH4K)=G"
    "I2H~%7Y{rb4?h|ZK^qW691unx5J?{qOCS+VA`ws{5mF@)RVEQvC=ppI5nL+~UM&z{FA!od5M?qDXEYFKH4kbx4{SLPZaWWeJP&a`"
    "4{|^cb3zYvLl1RD4|YcncSsO;N)UNV5P3}zdQTC1P!fAm5`0q=d{q;DR}_6%6@FS3ep?oPT^D{{7k^+Fe_<GZV;O&C8h~aRfM^?l"
    "X&iuS9Dr;cfNmavZytehAAxfpfpj2&b|HaxA%S@!fqEi=d?SH=B!Pb<fq^A~f+c~3CV_<}frlr7i70`JD1nSAfQ>1Dk1BwXDu9wJ"
    "fRrnMl`MdlEPt6Tf0`|SoGyQ!E`FacexWaZqcDD?Fny*meWx*fsWN=4GkmNwd#*HlurzzIHF~o(dbKurwl;aVH+Z=>c)K`vy*YQj"
    "Id;H0b;3Gz!#i}vJaoo9bI3h%%06<-K5@-IaLzz*&_Qp}LT=MSZPY_;)<kUAMQhncYT8F>+(>ENNod|mXW&a_;Y?=YO=aXxWaUs}"
    "=22qjQex;-Vd_<2>sDawSYPc~U+!C8?p<B)US05DUGZUD@?%`{WnA-TTl8pK^=e!7Y+LqjTlR2U_i<bIb6og!T=;if`FULVdtLc`"
    "UHX4s`hZ^gf?xZDVEcw(`-oxtiemhXWBiU|{E%e)l4bmpX8o0C{g-I{nQ8r-YW<yS{hw_8p>F-6Z~dfj{-$yMsB`|RbpEV${;qcZ"
    "uXz5kdH%C|{<VDmw|)M(fBw6G{=9<zzJvb2h5o{Z{=|s>#)<yNi~h-t{>zU2&5-@ilKs(>{nC~F)R+C%nElwA{o0)U+@1a1pZ(vV"
    "{o$kh<E8xNru^op{OGFu>a6_iuKez>{P3~-@w5E%wfyzB`}eu~`Mdl2z5D#X"
)
VIRIDIS = (
    "L;+Mp0#!r<S49O_MFv_$2wO%8Tt*9CMhss@4q-<RVn-2UM-pX66lO;iXGa!kM;K~I8EZ%yY)Bk#NF8rT9&kt?aY!L@NFsAcBXmb4"
    "bw?(4M<;hjD0oLIc}FXHM=X0rEqq2Vd`2*RMlpUxGJi!he?>KbMK*y%H-SVsf<rokLpy^*JcL3$ghD=rLO_K<L54v>hCoAyKtzW>"
    "MTb8}h(1V&K1qo^N{Ky7i9Jk-JWYx`PKrBFiaSw?I#P=|Q;RuNi#b(`I97`|SBy7Uj5k?~Hd>4}TZ}baj5S@1G+vD~UyU<hjWc15"
    "GGdJ~V~sInjWK17F=mZ0XN@pujW219FKUf0YmP2#jxKGEEpCo2Z;mW*jx2GGEOL%3bB-%?jw*GIDt3-4caAA|jwyMLD0+@4dX6Z2"
    "jwgJMCw-15evT%8jwXPPCV`G6f{rDFjU<GPB!!J6hK(bKjU$MSBZ-Y7iH#zPjUtPUA&iY7jf^3Vj3AGUAdrk8k&GXbj31MWAC!w9"
    "m5U#iiyoJX9+-+AnTj5niXNJY9-E0CoQWQth#sDZ9-oLFpobr!haaMbAESmKq=g`*g(0SeA*X~Qr-UP@gCnVeB&vcXtAQr0fhVni"
    "D6W4guYW4Aek-wkEU|qqvV1SIdoZ+mGPQa$ws|$Tcs96qIJtH?xpq6cbv?UuKD={4y>ddnaYVjwMZa%Hz-~#wZA-#zO~PwW!)Z~("
    "Xj8>!RmNsl#${Q@WLwB$Uddr#$zWp2Uu4T&XUtq_%v)>CS#8c(aL!h8&sB8LRCmx)dC^gP(ocTUPJz=*gVRff)JcfdM~l@)jn+hv"
    ")<crlL6z4(m)Jg<*gT!tI-l7%qS`m5+BK)!GpgG%t=urL+%B@+EVbP$x7{ha-Y31@Ccob#!rvmr-yz4~AIjh!&EOr+;T+Q88`R+%"
    "*Wwx4;uzfG7~kU<;o}(O;~3}U8R_I1?Bp8m<s0$k9P{NK_U0e><{|p#BK_wi"
)
TURBO = (
    "FcLd46+$u?N;Df$H6B<tAzwEmWjH2mIVo~FEO|RGe>^gUJT;3wH<3O%mOnk5KtQ2DL#9DRt3gPxLQAznPP#)-zC%;OL{`T{Sj$CQ"
    "&P86*MPSxNW7$S#-9~8OMr-3nZRSRB=tgtvMs@8*c<@Gg@<x61Mt}B3g7`&*`9+8OMTz`GjQvB7{X&ucL6iPKmi|AO{yv-jJe~bJ"
    "p!_+a{5YliHmLbDs`xXk_A#&ZFR}A2wDBvp?<%?ND7)(>z3C;u<|D%7A;jSz#@`;v+#So>9L?7o&(s>x(izjw7}d-e*UA^!#~0ef"
    "7u>=Z-oF^&y%^!T8RNJb<hC2-v>oTM9_X(i>8v8_sU+;CC+(vt?w~C1oiFg3GVzx+^OQLBkvsH_KlO@2_J>CIgG%^-P5FFL`FU0P"
    "c3Jy!UHflg{A^|XXlearZT(_#{a<wcTzLLjeEwE|{!@hhP>23ai~dWF{z#JkMwR|VnEpbW{Xm}mKB4?Qr2IRk`#P!nIjs6OuK72y"
    "_%^fnHMaLPx%D)=^fbQnG{EvR!|^l4?=#5mGs^8V&FeJJ>NL^lG}Pxc*5x(W<2BmiHr?Ph-`+Oi+&AOeH|5wk=hrys)i~<YIqcCn"
    "?aw*y%{lPPI`YUm^Ts;##5(rEI`_ai_`W&$ygB*0IQq9Y`?WXwvo`#&HT<qL{i`$msWSbhG5w=3{-H1ao-Y2IE&iA+{go^Ik}3U<"
    "DE*8l{D~&~h9vugBm00N`h6h!dLQ|B9{6+|_i-EdZW{J$81-lu^ko+FV-@mX6!BdX?^+S=SP<=15A0G7>QD{oO%3Qv4CYA-<wgqQ"
    "L<-_U3E)5o-aZK3JO|r42iZ6V*ER;$GzHW$1=27D&@TkeEd<Le1IZ}^$0!5ECIZ7G0>C2zz99m;9|5@@0k#|gv>O4j83C>s0jw4Q"
    "sTBdH6ak|W0iY29oe%+<4gr@90h9~@kqZHi3IU4=0fz_yga-kE1_FHr0(t}j"
)
